// The phases of a service and what each of them does with each event. One table: the machine looks here
// first, so an event in a phase that has no use for it is ignored or refused by an explicit entry, never by
// accident.
#pragma once

#include <array>
#include <cstddef>
#include <variant>

#include "ports/event.h"

namespace shadowd::control {

enum class Phase {
  kNew,        // nothing known yet: waits for ApplyService or Restored
  kIdle,       // watches demand
  kTrialling,  // a trial runs
  kApplying,   // production moves towards a decision
  kDeleting,   // everything of it is being taken down
};
inline constexpr size_t kPhases = 5;
const char* PhaseName(Phase phase);  // "NEW" ...

enum class Handling {
  kProcess,
  kIgnore,     // late or meaningless here; no effect
  kRefuse,     // a caller gets FAILED_PRECONDITION
  kSupersede,  // processed, and ends the running trial by rule
};

Handling HandlingOf(Phase phase, size_t event_index);

// The index of an event's alternative in ports::Payload.
template <typename T, size_t I = 0>
constexpr size_t EventIndex() {
  static_assert(I < std::variant_size_v<ports::Payload>);
  if constexpr (std::is_same_v<std::variant_alternative_t<I, ports::Payload>, T>) {
    return I;
  } else {
    return EventIndex<T, I + 1>();
  }
}

const char* EventName(size_t event_index);

}  // namespace shadowd::control
