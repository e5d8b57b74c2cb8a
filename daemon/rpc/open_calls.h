// The calls that stay open for long: watches, sample streams, waits for a decision. Counted against a bound,
// and told when the daemon drains. Owned by the server, thread-safe.
#pragma once

#include <absl/base/thread_annotations.h>
#include <absl/synchronization/mutex.h>

#include <map>
#include <memory>

#include "base/status.h"

namespace shadowd::daemon {

class OpenCall {
 public:
  virtual ~OpenCall() = default;
  // Ends the call with UNAVAILABLE as soon as it may. Any thread.
  virtual void Drain() = 0;
};

class OpenCalls {
 public:
  explicit OpenCalls(size_t max) : max_(max) {}

  // RESOURCE_EXHAUSTED when full, UNAVAILABLE once drained.
  Status Add(const std::shared_ptr<OpenCall>& call);
  void Remove(const OpenCall* call);
  void DrainAll();
  size_t size() const;

 private:
  const size_t max_;
  mutable absl::Mutex mutex_;  // calls come and go on gRPC's threads
  bool draining_ ABSL_GUARDED_BY(mutex_) = false;
  std::map<const OpenCall*, std::weak_ptr<OpenCall>> calls_ ABSL_GUARDED_BY(mutex_);
};

Status DrainingStatus();

}  // namespace shadowd::daemon
