// The daemon's own store as the memory of a simulated world: two SQLite files in a directory that is removed
// at the end, committed to one step at a time, closed and opened again at each restart.
#pragma once

#include <stdlib.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "sim/memory.h"
#include "store/store.h"

namespace shadowd::sim {

class SqliteMemory : public Memory {
 public:
  SqliteMemory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "shadowd_day_XXXXXX").string();
    REQUIRE(::mkdtemp(pattern.data()) != nullptr);
    directory_ = pattern;
    Open();
  }
  ~SqliteMemory() override {
    store_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
  }

  void Commit(const std::vector<ports::Mutation>& mutations) override {
    std::promise<StatusOr<int64_t>> revision;
    const Status queued = store_->Commit(
        mutations, [&revision](StatusOr<int64_t> result) { revision.set_value(std::move(result)); });
    REQUIRE(queued.ok());
    const StatusOr<int64_t> committed = revision.get_future().get();
    INFO(committed.status().message());
    REQUIRE(committed.ok());
    CHECK(*committed > last_);
    last_ = *committed;
  }

  Recalled Reopen(WallTime now) override {
    store_.reset();
    now_ = now;
    Open();
    StatusOr<store::Snapshot> snapshot = store_->Load();
    INFO(snapshot.status().message());
    REQUIRE(snapshot.ok());
    return {std::move(snapshot->services), snapshot->frozen, snapshot->frozen_reason};
  }

 private:
  void Open() {
    store::Options options;
    options.directory = directory_;
    options.group_wait = Micros(0);
    options.clock = [this] { return now_; };
    StatusOr<std::unique_ptr<store::Store>> opened = store::Store::Open(options);
    INFO(opened.status().message());
    REQUIRE(opened.ok());
    store_ = *std::move(opened);
  }

  std::string directory_;
  WallTime now_ = WallTime(std::chrono::hours(24 * 365 * 50));
  std::unique_ptr<store::Store> store_;
  int64_t last_ = 0;
};

}  // namespace shadowd::sim
