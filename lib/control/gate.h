// The one exit to production. Every change of replicas or version passes here, whatever asked for it;
// OBSERVE, ADVISE and a freeze never get through. Pure.
#pragma once

#include <optional>
#include <string>

#include "base/time.h"
#include "model/service.h"
#include "model/trigger.h"

namespace shadowd::control {

struct GateInput {
  model::Mode mode = model::Mode::kObserve;
  model::Bounds bounds;
  bool frozen = false;
  std::string frozen_reason;
  model::TriggerKind trigger = model::TriggerKind::kCapacity;
  int from = 0;
  int to = 0;
  bool new_version = false;
  std::optional<MonoTime> last_out;  // when the last scale-out (scale-in) was let through
  std::optional<MonoTime> last_in;
  MonoTime now;
};

struct GateAnswer {
  bool open = false;
  int to = 0;          // clamped to min, max and step
  std::string reason;  // why it is closed, or what was clamped; empty otherwise
};

// An emergency skips the cool-downs, never mode, freeze, max or step. The first start of a service (from = 0)
// skips the steps.
GateAnswer PassGate(const GateInput& input);

}  // namespace shadowd::control
