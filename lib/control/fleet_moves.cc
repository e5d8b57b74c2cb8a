// The life cycle of a production instance as a table, and its stop.
#include "control/fleet.h"

namespace shadowd::control {

using model::ReplicaState;

namespace {

constexpr Micros kNeverHeardOf = std::chrono::seconds(15);  // beyond its own deadline

InstanceMove FromStarting(InstanceInput input) {
  switch (input) {
    case InstanceInput::kStarted:
      return InstanceMove::kRecordProcess;
    case InstanceInput::kReady:
      return InstanceMove::kToReady;
    case InstanceInput::kDrainAsked:
    case InstanceInput::kStopAsked:
      return InstanceMove::kToStopping;
    case InstanceInput::kFailed:
      return InstanceMove::kToFailed;
    case InstanceInput::kStopped:
      return InstanceMove::kToStopped;
    default:
      return InstanceMove::kNone;
  }
}

InstanceMove FromReady(InstanceInput input) {
  switch (input) {
    case InstanceInput::kAdded:
      return InstanceMove::kToServing;
    case InstanceInput::kAddFailed:
      return InstanceMove::kRetryAdd;
    case InstanceInput::kDrainAsked:  // it may be half added: leave the balancer before it stops
      return InstanceMove::kToDraining;
    case InstanceInput::kStopAsked:
      return InstanceMove::kToStopping;
    case InstanceInput::kFailed:
      return InstanceMove::kToFailed;
    case InstanceInput::kStopped:
      return InstanceMove::kToStopped;
    default:
      return InstanceMove::kNone;
  }
}

InstanceMove FromServing(InstanceInput input) {
  switch (input) {
    case InstanceInput::kAddFailed:  // it was being added again
      return InstanceMove::kRetryAdd;
    case InstanceInput::kDrainAsked:
    case InstanceInput::kStopAsked:
      return InstanceMove::kToDraining;
    case InstanceInput::kFailed:
      return InstanceMove::kToFailed;
    case InstanceInput::kStopped:
      return InstanceMove::kToStopped;
    default:
      return InstanceMove::kNone;
  }
}

InstanceMove FromDraining(InstanceInput input) {
  switch (input) {
    case InstanceInput::kDrained:
      return InstanceMove::kRemoveServer;
    case InstanceInput::kRemoved:
      return InstanceMove::kToStopping;
    case InstanceInput::kFailed:
      return InstanceMove::kToFailed;
    case InstanceInput::kStopped:
      return InstanceMove::kToStopped;
    default:
      return InstanceMove::kNone;
  }
}

InstanceMove FromStopping(InstanceInput input) {
  switch (input) {
    case InstanceInput::kStarted:
      return InstanceMove::kRecordProcess;
    case InstanceInput::kFailed:
    case InstanceInput::kStopped:
      return InstanceMove::kToStopped;
    default:
      return InstanceMove::kNone;
  }
}

}  // namespace

InstanceMove MoveOf(ReplicaState state, InstanceInput input) {
  switch (state) {
    case ReplicaState::kStarting:
      return FromStarting(input);
    case ReplicaState::kReady:
      return FromReady(input);
    case ReplicaState::kServing:
      return FromServing(input);
    case ReplicaState::kDraining:
      return FromDraining(input);
    case ReplicaState::kStopping:
      return FromStopping(input);
    case ReplicaState::kStopped:
    case ReplicaState::kFailed:
      return InstanceMove::kNone;
  }
  return InstanceMove::kNone;
}

void Fleet::AskToStop(Entry& entry, shadow::IntentBook& intents, Now now, ports::Outbox& out) {
  entry.stop_asked = now.mono;
  out.Do(ports::StopReplica{intents.Open(model::IntentKind::kStopReplica, entry.instance.id, now, out),
                            entry.instance.id, entry.how.stop_grace});
}

// An order to stop may get lost; the second is as harmless as the first. A start of which nothing more is
// heard is given up when its readiness is long overdue.
void Fleet::AskAgain(shadow::IntentBook& intents, Now now, ports::Outbox& out) {
  for (auto& [id, entry] : instances_) {
    const Micros waited = now.mono - entry.stop_asked;
    if (entry.instance.state == ReplicaState::kStopping &&
        waited >= entry.how.stop_grace + shadow::kStopAgain) {
      out.Log("instance={} state=STOPPING action=stop_again", id);
      AskToStop(entry, intents, now, out);
    }
    const bool overdue = entry.instance.state == ReplicaState::kStarting && entry.found &&
                         now.mono - entry.started >= entry.how.readiness.deadline + kNeverHeardOf;
    if (overdue) {
      entry.instance.error = "was neither ready nor ended in time";
      NoteFailure(DeadlineExceeded("{} was neither ready nor ended in time", id), now);
      Move(entry, InstanceInput::kStopAsked, intents, now, out);
    }
  }
}

}  // namespace shadowd::control
