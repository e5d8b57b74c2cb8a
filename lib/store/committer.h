// Applies groups of batches to both files. A group is one transaction of state.db, each batch a savepoint in
// it: a batch that SQLite refuses fails alone, while a failure of the disk fails the group. Demand follows in
// a transaction of telemetry.db of its own, which can fail without the group. Knows no threads; owned and
// called by the writer's.
//
// Revisions: each batch that is applied gets the next number, also one that leaves no row in state.db. So
// that none is used twice after a crash, state.db holds a reserved number that is never behind; a clean close
// gives the rest back.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/status.h"
#include "base/time.h"
#include "ports/outcome.h"
#include "store/retention.h"
#include "store/sqlite.h"
#include "store/telemetry.h"

namespace shadowd::store {

struct Batch {
  std::vector<ports::Mutation> mutations;
  std::function<void(StatusOr<int64_t> revision)> done;
  StatusOr<int64_t> revision = 0;  // the result
};

class Committer {
 public:
  struct Counters {
    uint64_t rows = 0;
    uint64_t groups = 0;
    uint64_t expired_rows = 0;
    uint64_t telemetry_replacements = 0;  // damaged files moved aside
    std::string telemetry_error;          // the last one
  };

  // Opens, checks and migrates both files of the directory. A damaged state.db is DATA_LOSS and is left as it
  // is; a damaged telemetry.db is moved aside.
  static StatusOr<std::unique_ptr<Committer>> Open(const std::string& directory);
  Committer(const Committer&) = delete;
  Committer& operator=(const Committer&) = delete;

  // Fills in each batch's result. An error: the disk failed, it is every batch's result, and nothing was
  // kept.
  Status Commit(std::span<Batch> group);
  // OK when state.db takes writes (again).
  Status Probe();
  // Expires old demand, a piece at a time: true when more is left.
  StatusOr<bool> ExpireDemand(WallTime now);
  // Puts telemetry.db aside and makes it anew. The counters tell.
  Status ReplaceTelemetry();
  // Gives reserved revisions back and checkpoints both files.
  Status Close();

  const Counters& counters() const { return counters_; }

 private:
  Committer(std::string directory, Database state);

  Status Start();
  Status CommitState(std::span<Batch> group);
  Status ApplyBatch(Batch& batch);
  Status Retain();
  void CommitDemand(std::span<Batch> group);
  Status OpenTelemetry();
  Status WriteDemand(std::span<Batch> group);
  Status ApplyDemand(const Batch& batch);

  const std::string directory_;
  Database state_;
  std::unique_ptr<TelemetryWriter> telemetry_;  // null while the file cannot be made anew
  Retention retention_;
  int64_t revision_ = 0;
  int64_t reserved_ = 0;
  Counters counters_;
};

std::string StatePath(const std::string& directory);
std::string TelemetryPath(const std::string& directory);

}  // namespace shadowd::store
