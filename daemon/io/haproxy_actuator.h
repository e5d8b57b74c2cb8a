// Carries out what the core asks of the balancer, over HAProxy's runtime socket, and reports each end as a
// ports::ServerChanged. Owns one thread, on which the sink is called; Do may be called from any thread and
// never blocks. Effects on one server keep their order; a drain that waits does not hold up other servers.
// The queue is bounded: what does not fit fails at once with RESOURCE_EXHAUSTED.
#pragma once

#include <functional>
#include <memory>

#include "model/ids.h"
#include "ports/action.h"
#include "ports/event.h"

namespace shadowd::io {

class HaproxyActuator {
 public:
  using Sink = std::function<void(ports::Event)>;

  explicit HaproxyActuator(Sink sink);
  ~HaproxyActuator();
  HaproxyActuator(const HaproxyActuator&) = delete;
  HaproxyActuator& operator=(const HaproxyActuator&) = delete;

  void Do(const model::ServiceId& service, const ports::AddServer& effect);
  void Do(const model::ServiceId& service, const ports::DrainServer& effect);
  void Do(const model::ServiceId& service, const ports::RemoveServer& effect);
  void Stop();  // joins the thread; what was not finished ends without an event (its intent stays pending)

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace shadowd::io
