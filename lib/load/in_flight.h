// The requests of one shadow that are due but not yet on a connection, and the limit on those that are. A
// shadow that does not keep up fills the queue and then loses the newest, which never costs more memory or
// time than the bounds here; each is an error of that shadow alone. One thread.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <utility>

#include "base/time.h"
#include "load/wire_request.h"

namespace shadowd::load {

struct DueRequest {
  WireRequestPtr request;
  MonoTime planned;  // latency counts from here
  bool mirrored = false;
  bool retried = false;  // was put on a kept connection that the server had closed
};

class InFlight {
 public:
  InFlight(size_t connections_max, size_t waiting_max, Micros deadline)
      : connections_max_(connections_max), waiting_max_(waiting_max), deadline_(deadline) {}

  bool MayConnect(size_t connections) const { return connections < connections_max_; }
  // False: no room, the request is lost.
  bool Wait(DueRequest request) {
    if (waiting_.size() >= waiting_max_) {
      return false;
    }
    waiting_.push_back(std::move(request));
    return true;
  }
  std::optional<DueRequest> TakeWaiting() {
    if (waiting_.empty()) {
      return std::nullopt;
    }
    std::optional<DueRequest> first(std::move(waiting_.front()));
    waiting_.pop_front();
    return first;
  }
  // Drops those past the deadline and says how many. They wait in the order of their plan.
  size_t ExpireWaiting(MonoTime now) {
    size_t expired = 0;
    while (!waiting_.empty() && Expired(waiting_.front().planned, now)) {
      waiting_.pop_front();
      ++expired;
    }
    return expired;
  }
  bool Expired(MonoTime planned, MonoTime now) const { return now - planned >= deadline_; }
  size_t waiting() const { return waiting_.size(); }

 private:
  size_t connections_max_;
  size_t waiting_max_;
  Micros deadline_;
  std::deque<DueRequest> waiting_;
};

}  // namespace shadowd::load
