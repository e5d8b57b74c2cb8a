// Completes the sender's windows and delivers them: on its own thread it reads what each shadow has consumed,
// takes the difference to the last reading, and calls the sink. It also ends taps, because closing a packet
// socket waits for the kernel. Owned by the data plane; Post and Retire may be called from any thread and do
// not block. When the sink falls behind, the oldest windows are dropped.
#pragma once

#include <absl/base/thread_annotations.h>
#include <absl/synchronization/mutex.h>

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <thread>
#include <vector>

#include "daemon/io/http_sender.h"
#include "daemon/io/tap.h"
#include "daemon/io/usage.h"
#include "ports/event.h"

namespace shadowd::io {

class WindowReporter {
 public:
  using Sink = std::function<void(ports::Event)>;
  using UsageReader = std::function<std::vector<Usage>()>;
  static constexpr size_t kBatchesMax = 16;

  WindowReporter(Sink sink, UsageReader usage);
  WindowReporter(const WindowReporter&) = delete;
  WindowReporter& operator=(const WindowReporter&) = delete;
  ~WindowReporter();

  // An empty list: only remember what has been consumed up to now.
  void Post(std::vector<ClosedWindow> windows);
  void Retire(std::unique_ptr<Tap> tap);
  void Stop();

 private:
  void Run();
  void Deliver(std::vector<ClosedWindow> windows);
  void FillUsage(ClosedWindow& closed, const std::map<model::ReplicaId, Usage>& current) const;
  bool HasWork() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return stop_ || !batches_.empty() || !retired_.empty();
  }

  Sink sink_;
  UsageReader usage_;
  absl::Mutex mutex_;  // the queue between the callers and the thread
  std::deque<std::vector<ClosedWindow>> batches_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::unique_ptr<Tap>> retired_ ABSL_GUARDED_BY(mutex_);
  bool stop_ ABSL_GUARDED_BY(mutex_) = false;
  std::map<model::ReplicaId, Usage> last_;  // of the thread
  std::thread thread_;
};

}  // namespace shadowd::io
