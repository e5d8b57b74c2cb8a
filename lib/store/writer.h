// The store's one thread: takes batches from a bounded queue, hands them to the Committer in groups, and
// tells each caller its result in the order of the calls. While the disk does not take writes it refuses, and
// probes. Pinned; the public functions may be called from any thread.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "base/status.h"
#include "base/time.h"
#include "ports/outcome.h"
#include "store/committer.h"
#include "store/options.h"

namespace shadowd::store {

class Writer {
 public:
  // `telemetry_replaced` runs on the writer thread after telemetry.db was made anew.
  Writer(std::unique_ptr<Committer> committer, const Options& options,
         std::function<void()> telemetry_replaced);
  ~Writer();
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  Status Commit(std::vector<ports::Mutation> mutations, std::function<void(StatusOr<int64_t>)> done);
  // A reader found telemetry.db damaged.
  void ReplaceTelemetry();
  Stats stats() const;
  void Close();

 private:
  using Lock = std::unique_lock<std::mutex>;
  using Clock = std::chrono::steady_clock;

  void Run();
  void WaitForWork(Lock& lock);
  void WaitForCompany(Lock& lock);
  bool HasWork() const;
  std::vector<Batch> TakeGroup();
  void CommitGroup(Lock& lock);
  void KeepHouse(Lock& lock);
  void Probe(Lock& lock);
  void Expire(Lock& lock);
  void Publish(const std::vector<Batch>& finished);
  void Finish(Lock& lock);

  const Options options_;
  const std::function<void()> telemetry_replaced_;

  // Of the writer thread alone.
  std::unique_ptr<Committer> committer_;
  size_t last_group_ = 0;
  Clock::time_point next_expiry_;
  bool expire_more_ = false;
  uint64_t told_replacements_ = 0;

  mutable std::mutex
      mutex_;  // guards what follows: callers hand batches over here, and nothing else is shared
  std::condition_variable wake_;
  std::deque<Batch> queue_;
  Status broken_;  // why commits are refused; OK = they are not
  bool closing_ = false;
  bool replace_telemetry_ = false;
  Stats stats_;

  std::thread thread_;
};

}  // namespace shadowd::store
