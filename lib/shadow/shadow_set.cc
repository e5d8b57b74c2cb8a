#include "shadow/shadow_set.h"

#include <algorithm>

namespace shadowd::shadow {

using model::ReplicaState;

ShadowMove MoveOf(ReplicaState state, ShadowInput input) {
  switch (state) {
    case ReplicaState::kStarting:
      switch (input) {
        case ShadowInput::kStarted:
          return ShadowMove::kRecordProcess;
        case ShadowInput::kReady:
          return ShadowMove::kToReady;
        case ShadowInput::kFailed:
          return ShadowMove::kToFailed;
        case ShadowInput::kStopAsked:
          return ShadowMove::kToStopping;
        case ShadowInput::kStopped:
          return ShadowMove::kToStopped;
      }
      break;
    case ReplicaState::kReady:
      switch (input) {
        case ShadowInput::kStarted:
        case ShadowInput::kReady:
          return ShadowMove::kNone;
        case ShadowInput::kFailed:
          return ShadowMove::kToFailed;
        case ShadowInput::kStopAsked:
          return ShadowMove::kToStopping;
        case ShadowInput::kStopped:
          return ShadowMove::kToStopped;
      }
      break;
    case ReplicaState::kStopping:
      switch (input) {
        case ShadowInput::kStarted:  // it started after the stop was asked; the stop follows it
          return ShadowMove::kRecordProcess;
        case ShadowInput::kReady:
        case ShadowInput::kStopAsked:
          return ShadowMove::kNone;
        case ShadowInput::kFailed:
        case ShadowInput::kStopped:
          return ShadowMove::kToStopped;
      }
      break;
    case ReplicaState::kServing:
    case ReplicaState::kDraining:  // a shadow is never in the balancer
    case ReplicaState::kStopped:
    case ReplicaState::kFailed:
      return ShadowMove::kNone;
  }
  return ShadowMove::kNone;
}

void ShadowSet::Start(const model::TrialId& trial, int arm, const model::ReplicaId& id,
                      const std::string& version, IntentBook& intents, Now now, ports::Outbox& out) {
  Entry entry;
  entry.shadow.id = id;
  entry.shadow.service = out.service();
  entry.shadow.trial = trial;
  entry.shadow.arm = arm;
  entry.shadow.version = version;
  entry.shadow.create_time = now.wall;
  entry.shadow.expire_time = now.wall + spec_.shadows.ttl;
  entry.last_used = entry.started = now.mono;
  entry.expires = now.mono + spec_.shadows.ttl;
  out.Put(entry.shadow);
  shadows_[id] = entry;

  ports::StartReplica start;
  start.key = intents.Open(model::IntentKind::kStartReplica, id, now, out);
  start.replica = id;
  start.role = model::Role::kShadow;
  start.version = spec_.version;
  start.instance = spec_.instance;
  start.shadow_class = spec_.shadows.shadow_class;
  start.lease = spec_.shadows.lease;
  start.ttl = spec_.shadows.ttl;
  out.Do(std::move(start));
}

void ShadowSet::Move(Entry& entry, ShadowInput input, IntentBook& intents, Now now, ports::Outbox& out) {
  model::Shadow& shadow = entry.shadow;
  const ReplicaState from = shadow.state;
  switch (MoveOf(from, input)) {
    case ShadowMove::kNone:
      return;
    case ShadowMove::kRecordProcess:
      break;
    case ShadowMove::kToReady:
      shadow.state = ReplicaState::kReady;
      shadow.ready_time = now.wall;
      entry.last_used = now.mono;
      break;
    case ShadowMove::kToFailed:
      shadow.state = ReplicaState::kFailed;
      shadow.end_time = now.wall;
      entry.ended = now.mono;
      break;
    case ShadowMove::kToStopping:
      shadow.state = ReplicaState::kStopping;
      AskToStop(entry, intents, now, out);
      break;
    case ShadowMove::kToStopped:
      shadow.state = ReplicaState::kStopped;
      shadow.end_time = now.wall;
      entry.ended = now.mono;
      break;
  }
  if (shadow.state != from) {
    out.Log("shadow={} from={} to={}{}{}", shadow.id, model::ReplicaStateName(from),
            model::ReplicaStateName(shadow.state), shadow.error.empty() ? "" : " cause=",
            shadow.error.empty() ? "" : fmt::format("\"{}\"", shadow.error));
  }
  if (entry.ended) {
    intents.CloseAllOf(shadow.id, now, out);
  }
  out.Put(shadow);
}

void ShadowSet::AskToStop(Entry& entry, IntentBook& intents, Now now, ports::Outbox& out) {
  entry.stop_asked = now.mono;
  out.Do(ports::StopReplica{intents.Open(model::IntentKind::kStopReplica, entry.shadow.id, now, out),
                            entry.shadow.id, Micros(0)});
}

void ShadowSet::Stop(const model::ReplicaId& id, IntentBook& intents, Now now, ports::Outbox& out) {
  if (Entry* entry = Mutable(id)) {
    Move(*entry, ShadowInput::kStopAsked, intents, now, out);
  }
}

void ShadowSet::StopAll(IntentBook& intents, Now now, ports::Outbox& out) {
  for (auto& [id, entry] : shadows_) {
    Move(entry, ShadowInput::kStopAsked, intents, now, out);
  }
}

bool ShadowSet::OnStarted(const ports::ReplicaStarted& event, IntentBook& intents, Now now,
                          ports::Outbox& out) {
  Entry* entry = Mutable(event.replica);
  if (entry == nullptr) {
    return false;
  }
  intents.Close(event.key, absl::OkStatus(), now, out);
  entry->shadow.process = event.process;
  entry->shadow.address = event.address;
  Move(*entry, ShadowInput::kStarted, intents, now, out);
  return true;
}

bool ShadowSet::OnReady(const ports::ReplicaReady& event, IntentBook& intents, Now now, ports::Outbox& out) {
  Entry* entry = Mutable(event.replica);
  if (entry == nullptr) {
    return false;
  }
  Move(*entry, ShadowInput::kReady, intents, now, out);
  return true;
}

bool ShadowSet::OnFailed(const ports::ReplicaFailed& event, IntentBook& intents, Now now,
                         ports::Outbox& out) {
  Entry* entry = Mutable(event.replica);
  if (entry == nullptr) {
    return false;
  }
  intents.Close(event.key, event.error, now, out);
  if (entry->shadow.state != ReplicaState::kStopping) {
    entry->shadow.error = MessageOf(event.error);
  }
  Move(*entry, ShadowInput::kFailed, intents, now, out);
  return true;
}

bool ShadowSet::OnStopped(const ports::ReplicaStopped& event, IntentBook& intents, Now now,
                          ports::Outbox& out) {
  Entry* entry = Mutable(event.replica);
  if (entry == nullptr) {
    return false;
  }
  intents.Close(event.key, absl::OkStatus(), now, out);
  Move(*entry, ShadowInput::kStopped, intents, now, out);
  return true;
}

void ShadowSet::NoteRequests(const model::ReplicaId& id, uint64_t requests, Now now) {
  Entry* entry = Mutable(id);
  if (entry != nullptr && requests > 0) {
    entry->last_used = now.mono;
  }
}

void ShadowSet::EndOverdue(IntentBook& intents, Now now, ports::Outbox& out) {
  for (auto& [id, entry] : shadows_) {
    if (entry.shadow.state == ReplicaState::kStopping && now.mono - entry.stop_asked >= kStopAgain) {
      out.Log("shadow={} state=STOPPING action=stop_again", id);
      AskToStop(entry, intents, now, out);
    }
    const bool idle = entry.shadow.state == ReplicaState::kReady &&
                      now.mono - entry.last_used >= spec_.shadows.idle_timeout;
    const bool expired = now.mono >= entry.expires;
    if ((idle || expired) && MoveOf(entry.shadow.state, ShadowInput::kStopAsked) == ShadowMove::kToStopping) {
      entry.shadow.error = idle ? "idle for longer than idle_timeout" : "ran longer than its ttl";
      Move(entry, ShadowInput::kStopAsked, intents, now, out);
    }
  }
}

const model::Shadow* ShadowSet::Find(const model::ReplicaId& id) const {
  const auto found = shadows_.find(id);
  return found == shadows_.end() ? nullptr : &found->second.shadow;
}

ShadowSet::Entry* ShadowSet::Mutable(const model::ReplicaId& id) {
  const auto found = shadows_.find(id);
  return found == shadows_.end() ? nullptr : &found->second;
}

int ShadowSet::CountIn(ReplicaState state) const {
  return static_cast<int>(std::count_if(shadows_.begin(), shadows_.end(), [state](const auto& item) {
    return item.second.shadow.state == state;
  }));
}

bool ShadowSet::AllGone() const {
  return std::all_of(shadows_.begin(), shadows_.end(), [](const auto& item) {
    return item.second.shadow.state == ReplicaState::kStopped ||
           item.second.shadow.state == ReplicaState::kFailed;
  });
}

bool ShadowSet::AllArrived() const {
  return CountIn(ReplicaState::kStarting) == 0;
}

std::vector<const model::Shadow*> ShadowSet::ReadyOf(int arm) const {
  std::vector<const model::Shadow*> ready;
  for (const auto& [id, entry] : shadows_) {
    if (entry.shadow.arm == arm && entry.shadow.state == ReplicaState::kReady) {
      ready.push_back(&entry.shadow);
    }
  }
  return ready;
}

double ShadowSet::SecondsOfGone() const {
  double seconds = 0;
  for (const auto& [id, entry] : shadows_) {
    seconds += entry.ended ? ToSeconds(*entry.ended - entry.started) : 0;
  }
  return seconds;
}

double ShadowSet::SecondsSoFar(Now now) const {
  double seconds = 0;
  for (const auto& [id, entry] : shadows_) {
    seconds += ToSeconds(entry.ended.value_or(now.mono) - entry.started);  // whatever the wall clock did
  }
  return seconds;
}

}  // namespace shadowd::shadow
