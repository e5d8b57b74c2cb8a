#include "daemon/io/window_reporter.h"

#include <algorithm>
#include <utility>

#include "daemon/io/thread_start.h"

namespace shadowd::io {

WindowReporter::WindowReporter(Sink sink, UsageReader usage)
    : sink_(std::move(sink)), usage_(std::move(usage)) {
  thread_ = StartThread("shadowd-report", [this] { Run(); });
}

WindowReporter::~WindowReporter() {
  Stop();
}

void WindowReporter::Stop() {
  {
    const absl::MutexLock lock(&mutex_);
    stop_ = true;
  }
  if (thread_.joinable()) {
    thread_.join();
  }
}

void WindowReporter::Post(std::vector<ClosedWindow> windows) {
  const absl::MutexLock lock(&mutex_);
  if (batches_.size() >= kBatchesMax) {
    batches_.pop_front();
  }
  batches_.push_back(std::move(windows));
}

void WindowReporter::Retire(std::unique_ptr<Tap> tap) {
  tap->RequestStop();
  const absl::MutexLock lock(&mutex_);
  retired_.push_back(std::move(tap));
}

void WindowReporter::Run() {
  for (;;) {
    std::deque<std::vector<ClosedWindow>> batches;
    std::vector<std::unique_ptr<Tap>> retired;
    {
      const absl::MutexLock lock(&mutex_, absl::Condition(this, &WindowReporter::HasWork));
      batches.swap(batches_);
      retired.swap(retired_);
      if (stop_) {
        return;
      }
    }
    for (std::vector<ClosedWindow>& batch : batches) {
      Deliver(std::move(batch));
    }
  }
}

void WindowReporter::Deliver(std::vector<ClosedWindow> windows) {
  std::map<model::ReplicaId, Usage> current;
  for (Usage& usage : usage_()) {
    const model::ReplicaId id = usage.id;
    current.emplace(id, std::move(usage));
  }
  for (ClosedWindow& closed : windows) {
    FillUsage(closed, current);
    sink_({closed.service, ports::ShadowWindow{closed.shadow, std::move(closed.window)}, 0, ""});
  }
  if (windows.empty()) {
    last_.merge(current);  // those already known go on with the reading of their last window
  } else {
    last_ = std::move(current);
  }
}

void WindowReporter::FillUsage(ClosedWindow& closed, const std::map<model::ReplicaId, Usage>& current) const {
  const auto now = current.find(closed.shadow);
  const auto before = last_.find(closed.shadow);
  if (now == current.end()) {
    return;
  }
  closed.window.memory_bytes = now->second.memory_bytes;
  if (before == last_.end()) {
    return;
  }
  const Usage& is = now->second;
  const Usage& was = before->second;
  if (was.cpu_seconds >= 0 && is.cpu_seconds >= was.cpu_seconds) {
    closed.window.cpu_seconds = is.cpu_seconds - was.cpu_seconds;
  }
  // A counter that began anew has counted this much at least.
  const bool delay_anew = is.run_delay_seconds < was.run_delay_seconds;
  closed.window.run_delay_seconds = is.run_delay_seconds - (delay_anew ? 0 : was.run_delay_seconds);
  const bool throttled_anew = is.throttled_periods < was.throttled_periods;
  closed.window.throttled_periods = is.throttled_periods - (throttled_anew ? 0 : was.throttled_periods);
}

}  // namespace shadowd::io
