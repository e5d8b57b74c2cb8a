#include "daemon/rpc/open_calls.h"

#include <vector>

namespace shadowd::daemon {

Status DrainingStatus() {
  return WithReason(Unavailable("shadowd is stopping"), "DRAINING");
}

Status OpenCalls::Add(const std::shared_ptr<OpenCall>& call) {
  absl::MutexLock lock(&mutex_);
  if (draining_) {
    return DrainingStatus();
  }
  if (calls_.size() >= max_) {
    return WithReason(ResourceExhausted("{} watches and streams are open, which is the limit", max_),
                      "TOO_MANY_STREAMS");
  }
  calls_.emplace(call.get(), call);
  return absl::OkStatus();
}

void OpenCalls::Remove(const OpenCall* call) {
  absl::MutexLock lock(&mutex_);
  calls_.erase(call);
}

void OpenCalls::DrainAll() {
  std::vector<std::shared_ptr<OpenCall>> open;
  {
    absl::MutexLock lock(&mutex_);
    draining_ = true;
    for (const auto& [key, call] : calls_) {
      if (std::shared_ptr<OpenCall> alive = call.lock()) {
        open.push_back(std::move(alive));
      }
    }
  }
  for (const std::shared_ptr<OpenCall>& call : open) {
    call->Drain();
  }
}

size_t OpenCalls::size() const {
  absl::MutexLock lock(&mutex_);
  return calls_.size();
}

}  // namespace shadowd::daemon
