// One thread of a load run: walks the plan, sends what is due on connections that are free, and reads
// answers. Of several workers each walks the whole plan and takes every n-th request, so that together they
// send just what one would. What is due while no connection is free stays in the plan: a backlog costs no
// memory, and the latency of each counts from its time. Created, run and read by one thread after the other.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <vector>

#include "base/rng.h"
#include "base/status.h"
#include "daemon/io/load_pool.h"
#include "daemon/io/unique_fd.h"
#include "load/run_counts.h"
#include "load/send_plan.h"

namespace shadowd::io {

struct LoadOptions {
  LoadTarget target;
  bool http2 = false;
  size_t streams = 100;  // requests at a time on an HTTP/2 connection
  load::SendPlanOptions plan;
  uint64_t requests_max = 0;  // of all workers; 0 = as many as the plan has
  // What is sent: picked by weight. Not empty; `weights` has one for each.
  std::vector<load::WireRequestPtr> requests;
  std::vector<double> weights;
  std::vector<std::string> routes;  // names, by WireRequest::route
  int threads = 1;
};

// Counts that another thread may look at while the run goes on.
struct LoadProgress {
  std::atomic<uint64_t> planned{0}, sent{0}, completed{0}, errors{0};
};

class LoadWorker {
 public:
  static StatusOr<std::unique_ptr<LoadWorker>> Create(const LoadOptions& options, int index);
  LoadWorker(const LoadWorker&) = delete;
  LoadWorker& operator=(const LoadWorker&) = delete;

  // Returns when the plan is over and everything is answered or timed out; soon after `stop`.
  void Run(MonoTime start, const std::atomic<bool>& stop);
  const load::RunCounts& counts() const { return counts_; }
  double cpu_seconds() const { return cpu_seconds_; }
  const LoadProgress& progress() const { return progress_; }

 private:
  LoadWorker(const LoadOptions& options, int index, UniqueFd epoll_fd);
  void TakeNext();
  MonoTime SendDue(MonoTime now);
  void HandleEvents(MonoTime wake);
  const load::WireRequestPtr& Draw();
  void Publish();

  const LoadOptions& options_;
  int index_;
  UniqueFd epoll_fd_;
  load::RunCounts counts_;
  LoadProgress progress_;
  std::unique_ptr<LoadPool> pool_;
  load::SendPlan plan_;
  Rng rng_;
  std::vector<double> cumulative_;  // of the weights
  MonoTime start_{};
  MonoTime end_{};
  std::optional<MonoTime> next_;  // planned, not yet sent
  uint64_t position_ = 0;         // of the plan
  std::vector<char> buffer_;
  double cpu_seconds_ = 0;
};

}  // namespace shadowd::io
