// The one way from the edges (RPC, web) to the control loop. Implemented by the loop and alive longer than
// every edge. Every method may be called from any thread and none blocks. A callback runs on the loop thread,
// exactly once, and must be short: it copies a result out and hands it on.
#pragma once

#include <functional>

#include "base/status.h"
#include "ports/event.h"
#include "ports/outcome.h"

namespace shadowd::daemon {

class Catalogue;

class Dispatcher {
 public:
  virtual ~Dispatcher() = default;

  // Gives an event to the control core. `done` runs after the mutations of its step are durable and in the
  // catalogue, so that a read which follows sees them; an event that the core has no answer to is answered
  // with monostate. The loop assigns Event.token. A full queue answers RESOURCE_EXHAUSTED, a loop that has
  // ended UNAVAILABLE; `done` may then run on the caller's thread.
  virtual void Post(ports::Event event, std::function<void(StatusOr<ports::ReplyValue>)> done) = 0;

  // Runs `read` with the durable read model, in order with the steps of the core.
  virtual void Read(std::function<void(Catalogue&)> read) = 0;

  // True once the daemon has begun to stop: no new work is taken.
  virtual bool Draining() const = 0;
};

}  // namespace shadowd::daemon
