#include "control/fleet.h"

#include <algorithm>
#include <cmath>

namespace shadowd::control {

using model::IntentKind;
using model::ReplicaState;

namespace {

constexpr int kStuckAfter = 3;
constexpr int kAddAttemptsMax = 5;
constexpr Micros kBackoffFirst = std::chrono::seconds(1);
constexpr Micros kBackoffMax = std::chrono::seconds(60);
constexpr Micros kDrainDeadline = std::chrono::seconds(30);

bool IsLive(ReplicaState state) {
  return state == ReplicaState::kStarting || state == ReplicaState::kReady || state == ReplicaState::kServing;
}

}  // namespace

void Fleet::Restore(const std::vector<model::Instance>& instances) {
  for (const model::Instance& instance : instances) {
    if (instance.state != ReplicaState::kStopped && instance.state != ReplicaState::kFailed) {
      Entry entry;
      entry.instance = instance;
      entry.found = false;
      instances_[instance.id] = std::move(entry);
    }
  }
}

// What failed was the other version: this one starts at once.
void Fleet::SetPlan(FleetPlan plan) {
  if (plan.version != plan_.version) {
    failures_ = 0;
    retry_at_.reset();
  }
  plan_ = std::move(plan);
}

Fleet::Entry* Fleet::Mutable(const model::ReplicaId& id) {
  const auto found = instances_.find(id);
  return found == instances_.end() ? nullptr : &found->second;
}

int Fleet::Count(ReplicaState state) const {
  return static_cast<int>(std::count_if(instances_.begin(), instances_.end(), [state](const auto& item) {
    return item.second.instance.state == state;
  }));
}

int Fleet::Serving() const {
  return Count(ReplicaState::kServing);
}

int Fleet::Live() const {
  return static_cast<int>(std::count_if(instances_.begin(), instances_.end(),
                                        [](const auto& item) { return IsLive(item.second.instance.state); }));
}

int Fleet::LiveOld() const {
  return static_cast<int>(std::count_if(instances_.begin(), instances_.end(), [this](const auto& item) {
    return IsLive(item.second.instance.state) && item.second.instance.version != plan_.version;
  }));
}

int Fleet::InFlight() const {
  return Count(ReplicaState::kStarting) + Count(ReplicaState::kReady);
}

bool Fleet::Converged() const {
  return static_cast<int>(instances_.size()) == plan_.target && Serving() == plan_.target && LiveOld() == 0;
}

std::optional<std::string> Fleet::Stuck() const {
  return failures_ >= kStuckAfter ? std::optional<std::string>(last_error_) : std::nullopt;
}

std::vector<double> Fleet::TakeStartSeconds() {
  return std::exchange(start_seconds_, {});
}

std::optional<MonoTime> Fleet::NextRetry() const {
  return retry_at_;
}

void Fleet::Reconcile(shadow::IntentBook& intents, Now now, ports::Outbox& out) {
  Sweep();
  const bool unknown =
      std::any_of(instances_.begin(), instances_.end(), [](const auto& item) { return !item.second.found; });
  if (unknown) {
    return;  // a restart is still looking for them
  }
  AskAgain(intents, now, out);
  const bool may_start = !retry_at_.has_value() || now.mono >= *retry_at_;
  // A roll has one more than the target while the newcomer arrives.
  const int surge = LiveOld() > 0 && InFlight() == 0 && Live() == plan_.target && plan_.target > 0 ? 1 : 0;
  for (int missing = plan_.target + surge - Live(); may_start && missing > 0; --missing) {
    StartOne(intents, now, out);
  }
  const int excess = Live() - plan_.target;
  if (excess > 0) {
    const bool rolling = LiveOld() > 0 && plan_.target > 0;
    if (!rolling) {
      Retire(excess, false, intents, now, out);
    } else if (InFlight() == 0) {  // the newcomers serve: as many old ones may go
      Retire(excess, true, intents, now, out);
    }
  }
}

void Fleet::StartOne(shadow::IntentBook& intents, Now now, ports::Outbox& out) {
  Entry entry;
  entry.instance.id = model::ReplicaId(fmt::format("{}-i{}", out.service(), intents.NextNumber(out)));
  entry.instance.service = out.service();
  entry.instance.version = plan_.version;
  entry.instance.create_time = now.wall;
  entry.how = plan_.instance;
  entry.started = now.mono;
  out.Put(entry.instance);
  out.Log("instance={} to=STARTING version={}", entry.instance.id, plan_.version);
  ports::StartReplica start;
  start.key = intents.Open(IntentKind::kStartReplica, entry.instance.id, now, out);
  start.replica = entry.instance.id;
  start.role = model::Role::kInstance;
  start.version = plan_.version_label;
  start.instance = plan_.instance;
  out.Do(std::move(start));
  instances_[entry.instance.id] = std::move(entry);
}

// Oldest version first, then the youngest instance: the others have warm caches.
void Fleet::Retire(int count, bool old_only, shadow::IntentBook& intents, Now now, ports::Outbox& out) {
  std::vector<Entry*> candidates;
  for (auto& [id, entry] : instances_) {
    if (IsLive(entry.instance.state) && (!old_only || entry.instance.version != plan_.version)) {
      candidates.push_back(&entry);
    }
  }
  std::stable_sort(candidates.begin(), candidates.end(), [this](const Entry* a, const Entry* b) {
    const bool a_old = a->instance.version != plan_.version;
    const bool b_old = b->instance.version != plan_.version;
    return a_old != b_old ? a_old : a->instance.create_time > b->instance.create_time;
  });
  for (int i = 0; i < count && i < static_cast<int>(candidates.size()); ++i) {
    Move(*candidates[static_cast<size_t>(i)], InstanceInput::kDrainAsked, intents, now, out);
  }
}

void Fleet::Move(Entry& entry, InstanceInput input, shadow::IntentBook& intents, Now now,
                 ports::Outbox& out) {
  model::Instance& instance = entry.instance;
  const ReplicaState from = instance.state;
  const InstanceMove move = MoveOf(from, input);
  if (move == InstanceMove::kNone) {
    return;
  }
  Perform(entry, move, intents, now, out);
  if (instance.state != from) {
    out.Log("instance={} from={} to={} took_ms={}{}{}", instance.id, model::ReplicaStateName(from),
            model::ReplicaStateName(instance.state), (now.mono - entry.started).count() / 1000,
            instance.error.empty() ? "" : " cause=",
            instance.error.empty() ? "" : fmt::format("\"{}\"", instance.error));
  }
  if (instance.state == ReplicaState::kStopped || instance.state == ReplicaState::kFailed) {
    intents.CloseAllOf(instance.id, now, out);
  }
  out.Put(instance);
}

void Fleet::Perform(Entry& entry, InstanceMove move, shadow::IntentBook& intents, Now now,
                    ports::Outbox& out) {
  model::Instance& instance = entry.instance;
  const bool balanced = !plan_.haproxy.socket.empty();
  switch (move) {
    case InstanceMove::kNone:
    case InstanceMove::kRecordProcess:
      break;
    case InstanceMove::kToReady:
      instance.state = ReplicaState::kReady;
      instance.ready_time = now.wall;
      start_seconds_.push_back(ToSeconds(now.mono - entry.started));
      Add(entry, intents, now, out);
      break;
    case InstanceMove::kToServing:
      instance.state = ReplicaState::kServing;
      failures_ = 0;
      retry_at_.reset();
      break;
    case InstanceMove::kRetryAdd:
      if (++entry.add_attempts < kAddAttemptsMax) {
        Add(entry, intents, now, out);
      } else {
        instance.state = ReplicaState::kStopping;
        AskToStop(entry, intents, now, out);
      }
      break;
    case InstanceMove::kToDraining:
      instance.state = ReplicaState::kDraining;
      if (balanced) {
        out.Do(ports::DrainServer{intents.Open(IntentKind::kDrainServer, instance.id, now, out), instance.id,
                                  plan_.haproxy, kDrainDeadline});
      } else {
        Perform(entry, InstanceMove::kToStopping, intents, now, out);
      }
      break;
    case InstanceMove::kRemoveServer:
      out.Do(ports::RemoveServer{intents.Open(IntentKind::kRemoveServer, instance.id, now, out), instance.id,
                                 plan_.haproxy});
      break;
    case InstanceMove::kToStopping:
      instance.state = ReplicaState::kStopping;
      AskToStop(entry, intents, now, out);
      break;
    case InstanceMove::kToStopped:
      instance.state = ReplicaState::kStopped;
      break;
    case InstanceMove::kToFailed: {
      const bool in_balancer =
          balanced && (instance.state == ReplicaState::kServing || instance.state == ReplicaState::kDraining);
      instance.state = ReplicaState::kFailed;
      if (in_balancer || entry.adding) {
        out.Do(ports::RemoveServer{intents.Open(IntentKind::kRemoveServer, instance.id, now, out),
                                   instance.id, plan_.haproxy});
      }
      break;
    }
  }
}

void Fleet::Add(Entry& entry, shadow::IntentBook& intents, Now now, ports::Outbox& out) {
  if (plan_.haproxy.socket.empty()) {
    Perform(entry, InstanceMove::kToServing, intents, now, out);
    return;
  }
  entry.adding = true;
  out.Do(ports::AddServer{intents.Open(IntentKind::kAddServer, entry.instance.id, now, out),
                          entry.instance.id, entry.instance.address, plan_.haproxy});
}

void Fleet::NoteFailure(const Status& error, Now now) {
  ++failures_;
  last_error_ = MessageOf(error);
  const Micros wait = std::min<Micros>(kBackoffMax, kBackoffFirst * (1LL << std::min(failures_ - 1, 6)));
  retry_at_ = now.mono + wait;
}

// What is over leaves the map; its row stays in the store until retention takes it.
void Fleet::Sweep() {
  std::erase_if(instances_, [](const auto& item) {
    return item.second.instance.state == ReplicaState::kStopped ||
           item.second.instance.state == ReplicaState::kFailed;
  });
}

bool Fleet::OnStarted(const ports::ReplicaStarted& event, shadow::IntentBook& intents, Now now,
                      ports::Outbox& out) {
  Entry* entry = Mutable(event.replica);
  if (entry == nullptr) {
    return false;
  }
  intents.Close(event.key, absl::OkStatus(), now, out);
  entry->instance.process = event.process;
  entry->instance.address = event.address;
  Move(*entry, InstanceInput::kStarted, intents, now, out);
  return true;
}

bool Fleet::OnReady(const ports::ReplicaReady& event, shadow::IntentBook& intents, Now now,
                    ports::Outbox& out) {
  Entry* entry = Mutable(event.replica);
  if (entry != nullptr) {
    Move(*entry, InstanceInput::kReady, intents, now, out);
  }
  return entry != nullptr;
}

bool Fleet::OnFailed(const ports::ReplicaFailed& event, shadow::IntentBook& intents, Now now,
                     ports::Outbox& out) {
  Entry* entry = Mutable(event.replica);
  if (entry == nullptr) {
    return false;
  }
  intents.Close(event.key, event.error, now, out);
  const bool unexpected =
      entry->instance.state != ReplicaState::kStopping && entry->instance.state != ReplicaState::kDraining;
  if (unexpected) {
    entry->instance.error = MessageOf(event.error);
    NoteFailure(event.error, now);
  }
  Move(*entry, InstanceInput::kFailed, intents, now, out);
  Reconcile(intents, now, out);
  return true;
}

bool Fleet::OnStopped(const ports::ReplicaStopped& event, shadow::IntentBook& intents, Now now,
                      ports::Outbox& out) {
  Entry* entry = Mutable(event.replica);
  if (entry == nullptr) {
    return false;
  }
  intents.Close(event.key, absl::OkStatus(), now, out);
  Move(*entry, InstanceInput::kStopped, intents, now, out);
  Reconcile(intents, now, out);
  return true;
}

bool Fleet::OnServerChanged(const ports::ServerChanged& event, shadow::IntentBook& intents, Now now,
                            ports::Outbox& out) {
  intents.Close(event.key, event.result, now, out);
  Entry* entry = Mutable(event.replica);
  if (entry == nullptr) {
    return false;
  }
  switch (event.kind) {
    case IntentKind::kAddServer:
      entry->adding = false;
      if (!event.result.ok()) {
        entry->instance.error = MessageOf(event.result);
        NoteFailure(event.result, now);
      } else {
        entry->instance.error.clear();
      }
      Move(*entry, event.result.ok() ? InstanceInput::kAdded : InstanceInput::kAddFailed, intents, now, out);
      break;
    case IntentKind::kDrainServer:
      // Drained or not by the deadline, it leaves the balancer now.
      Move(*entry, InstanceInput::kDrained, intents, now, out);
      break;
    case IntentKind::kRemoveServer:
      Move(*entry, InstanceInput::kRemoved, intents, now, out);
      break;
    case IntentKind::kStartReplica:
    case IntentKind::kStopReplica:
      break;
  }
  Reconcile(intents, now, out);
  return true;
}

bool Fleet::OnFound(const ports::ReplicaFound& event, shadow::IntentBook& intents, Now now,
                    ports::Outbox& out) {
  Entry* entry = Mutable(event.replica);
  if (entry == nullptr) {
    return false;
  }
  entry->found = true;
  entry->started = now.mono;
  entry->how = plan_.instance;
  model::Instance& instance = entry->instance;
  if (!event.alive) {
    instance.error = "gone when the daemon came back";
    Move(*entry, InstanceInput::kFailed, intents, now, out);
  } else if (instance.state == ReplicaState::kStarting) {
    // Asked again, the provider reports the one that runs instead of starting a second.
    ports::StartReplica start;
    start.key = intents.Open(IntentKind::kStartReplica, instance.id, now, out);
    start.replica = instance.id;
    start.version = plan_.version_label;
    start.instance = plan_.instance;
    out.Do(std::move(start));
  } else if (instance.state == ReplicaState::kReady) {
    Add(*entry, intents, now, out);
  } else if (instance.state == ReplicaState::kDraining) {
    Perform(*entry, InstanceMove::kToDraining, intents, now, out);
  } else if (instance.state == ReplicaState::kStopping) {
    Perform(*entry, InstanceMove::kToStopping, intents, now, out);
  }
  out.Log("instance={} state={} adopted={}", instance.id, model::ReplicaStateName(instance.state),
          event.alive);
  Reconcile(intents, now, out);
  return true;
}

void Fleet::OnServerNames(const std::vector<std::string>& names, shadow::IntentBook& intents, Now now,
                          ports::Outbox& out) {
  for (auto& [id, entry] : instances_) {
    const bool listed = std::find(names.begin(), names.end(), id.str()) != names.end();
    if (entry.instance.state == ReplicaState::kServing && entry.found && !entry.adding && !listed) {
      out.Log("instance={} server=missing action=add_again", id);
      entry.add_attempts = 0;
      Add(entry, intents, now, out);
    }
  }
}

}  // namespace shadowd::control
