#include "sim/invariants.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "control/emergency.h"

namespace shadowd::sim {

using model::IntentState;
using model::ReplicaState;

namespace {

constexpr size_t kViolationsMax = 20;
// An order to stop may be lost once, is given again and carried out within its grace and a few seconds.
constexpr Micros kStopped = std::chrono::seconds(60);
constexpr Micros kBoundsFollow = std::chrono::minutes(45);

bool Alive(ReplicaState state) {
  return state != ReplicaState::kStopped && state != ReplicaState::kFailed;
}

}  // namespace

void Invariants::Report(const char* rule, std::string what) {
  if (violations_.size() < kViolationsMax) {
    violations_.push_back({now(), rule, std::move(what)});
  }
}

void Invariants::OnStep(const ports::Event& event, Now now, const ports::Outcome& outcome) {
  (void)now;
  int answers = 0;
  for (const ports::Reply& reply : outcome.replies) {
    answers += reply.token == event.token ? 1 : 0;
    if (reply.token != event.token && deferred_.erase(reply.token) == 0) {
      Report("one-answer",
             fmt::format("{} answered another's call", control::EventName(event.payload.index())));
    }
  }
  if (event.token != 0 && answers == 0 && ports::MayBeAnsweredLater(event.payload)) {
    deferred_.insert(event.token);
  } else if (answers != (event.token == 0 ? 0 : 1)) {
    Report("one-answer",
           fmt::format("{} got {} answers", control::EventName(event.payload.index()), answers));
  }
  if (event.token != 0) {
    waiting_.insert(event.token);
  }
}

void Invariants::OnReply(ports::ReplyToken token) {
  waiting_.erase(token);
}

void Invariants::OnChange(const ports::Mutation& mutation) {
  if (mutation.service != service_) {
    return;
  }
  std::visit(
      [this](const auto& change) {
        if constexpr (requires { Note(change); }) {
          Note(change);
        }
      },
      mutation.change);
  if (std::holds_alternative<ports::ServiceRemoved>(mutation.change)) {
    if (world_->shadows_alive() + world_->instances_alive() > 0) {
      Report("removed-with-replicas", fmt::format("{} instances and {} shadows run",
                                                  world_->instances_alive(), world_->shadows_alive()));
    }
    next_number_ = target_ = 0;
    rollout_.clear();
    executed_.clear();
    opened_.clear();
    pending_.clear();
    trials_.clear();
    billed_.clear();
    bounds_broken_ = MonoTime::max();
  }
}

void Invariants::Note(const model::Service& service) {
  const bool moved = service.target != target_ || service.rollout_version != rollout_;
  if (moved && service.spec.mode != model::Mode::kAct) {
    Report("mode", fmt::format("in {} the target went from {} to {}, the version from '{}' to '{}'",
                               model::ModeName(service.spec.mode), target_, service.target, rollout_,
                               service.rollout_version));
  }
  if (moved && world_->frozen()) {
    Report("frozen", fmt::format("the target went from {} to {}", target_, service.target));
  }
  const model::Bounds& bounds = service.spec.bounds;
  if (moved && (service.target < bounds.min || service.target > bounds.max)) {
    Report("bounds", fmt::format("target {} of {} to {}", service.target, bounds.min, bounds.max));
  }
  target_ = service.target;
  rollout_ = service.rollout_version;
}

void Invariants::Note(const model::Intent& intent) {
  if (intent.state != IntentState::kPending) {
    pending_.erase(intent.key);
    if (!opened_.contains(intent.key)) {
      Report("intent-first", fmt::format("{} ended and was never opened", intent.key));
    }
  } else if (!opened_.insert(intent.key).second) {
    Report("key-twice", fmt::format("{} was opened again", intent.key));
  } else {
    pending_.emplace(intent.key, Pending{intent, std::nullopt});
  }
}

void Invariants::Note(const model::Trial& trial) {
  const auto [found, fresh] = trials_.try_emplace(trial.id, Watched{now()});
  Watched& watched = found->second;
  const bool open = watched.ended == MonoTime::max();
  if (!open && !model::TrialEnded(trial.state)) {
    Report("trial-ends-once", fmt::format("{} is open again", trial.id));
  }
  if (open && model::TrialEnded(trial.state)) {
    watched.ended = now();
  }
  const auto running = std::count_if(trials_.begin(), trials_.end(),
                                     [](const auto& item) { return item.second.ended == MonoTime::max(); });
  if (running > 1) {
    Report("one-open-trial", fmt::format("{} are open", running));
  }
}

void Invariants::Note(const model::LedgerEntry& entry) {
  // Once, and once more when its outcome is known: the same bill.
  const auto [bill, fresh] = billed_.try_emplace(entry.decision, Bill{entry.shadow_seconds, false});
  if (!fresh && (bill->second.closed || bill->second.shadow_seconds != entry.shadow_seconds)) {
    Report("ledger-once", fmt::format("{} was entered twice", entry.decision));
  }
  bill->second.closed = !fresh;
  if (entry.shadow_seconds < 0 || entry.shadow_cost < 0) {
    Report("ledger-grows", fmt::format("{}: {:.1f} shadow-seconds", entry.decision, entry.shadow_seconds));
  }
  if (const auto trial = trials_.find(entry.trial); trial != trials_.end()) {
    trial->second.billed = true;
  }
}

void Invariants::Note(const ports::SequenceSet& sequence) {
  if (sequence.next <= next_number_) {
    Report("numbers-rise", fmt::format("{} after {}", sequence.next, next_number_));
  }
  next_number_ = sequence.next;
}

void Invariants::OnEffect(const ports::Action& action) {
  if (action.service != service_) {
    return;
  }
  if (const auto* start = std::get_if<ports::StartReplica>(&action.effect)) {
    CheckKey(start->key);
    CheckStart(*start);
  } else if (const auto* stop = std::get_if<ports::StopReplica>(&action.effect)) {
    CheckKey(stop->key);
    CheckTakenAway(stop->replica);
  } else if (const auto* add = std::get_if<ports::AddServer>(&action.effect)) {
    CheckKey(add->key);
  } else if (const auto* drain = std::get_if<ports::DrainServer>(&action.effect)) {
    CheckKey(drain->key);
    CheckTakenAway(drain->replica);
  } else if (const auto* remove = std::get_if<ports::RemoveServer>(&action.effect)) {
    CheckKey(remove->key);
    CheckTakenAway(remove->replica);
  }
}

void Invariants::CheckKey(const model::IntentKey& key) {
  if (!kept().intents.contains(key)) {
    Report("intent-first", fmt::format("{} is done and not durable", key));
  }
  if (!executed_.insert(key).second) {
    Report("key-twice", fmt::format("{} is done a second time", key));
  }
}

void Invariants::CheckStart(const ports::StartReplica& start) {
  if (start.role == model::Role::kShadow) {
    if (world_->frozen()) {
      Report("frozen", fmt::format("shadow {} is started", start.replica));
    }
    if (start.lease <= Micros(0) || start.ttl <= Micros(0)) {
      Report("shadow-lease", fmt::format("{} would outlive its daemon", start.replica));
    }
    return;
  }
  // What the world has, beside those on their way out.
  const Kept& durable = kept();
  if (durable.service && durable.service->deleting) {
    Report("deleting", fmt::format("instance {} is started", start.replica));
  }
}

// The last that takes requests is never taken away, unless its owner asked for the end of it all.
void Invariants::CheckTakenAway(const model::ReplicaId& instance) {
  const auto& replicas = world_->replicas().replicas();
  const auto found = replicas.find(instance);
  if (found == replicas.end() || !found->second.in_balancer) {
    return;
  }
  const Kept& durable = kept();
  const auto known = durable.instances.find(instance);
  if (known != durable.instances.end() && known->second.state == ReplicaState::kFailed) {
    return;  // it had died; what runs under its name is nobody's
  }
  if (now() - world_->commits().last_trouble() < kStopped) {
    return;  // the order is old: the disk held it back while others died
  }
  if (durable.service && !durable.service->deleting && world_->replicas().InBalancer(service_) <= 1) {
    Report("last-instance", fmt::format("{} is taken away", instance));
  }
}

// What a store brings back is what was made durable. Models and demand are left out: a store prunes them.
void Invariants::OnRecall(const Recalled& recalled) {
  size_t services = 0;
  for (const ports::Restored& restored : recalled.services) {
    services += restored.service.spec.id == service_ ? 1 : 0;
    if (restored.service.spec.id != service_) {
      continue;
    }
    ports::Restored durable = kept().Restore();
    const auto same = [this](const char* what, const auto& a, const auto& b) {
      const auto ids = [](const auto& list) {
        std::set<std::string> all;
        for (const auto& item : list) {
          if constexpr (requires { item.key; }) {
            all.insert(item.key.str());
          } else {
            all.insert(item.id.str());
          }
        }
        return all;
      };
      if (ids(a) != ids(b)) {
        Report("store-agrees", fmt::format("{}: {} came back, {} were durable", what, a.size(), b.size()));
      }
    };
    same("instances", restored.instances, durable.instances);
    same("shadows", restored.shadows, durable.shadows);
    same("trials", restored.open_trials, durable.open_trials);
    same("decisions", restored.open_decisions, durable.open_decisions);
    same("intents", restored.pending_intents, durable.pending_intents);
    if (restored.service != durable.service || restored.next_sequence != durable.next_sequence) {
      Report("store-agrees", fmt::format("service or sequence: {} came back, {} was durable",
                                         restored.next_sequence, durable.next_sequence));
    }
  }
  if (services != (kept().service ? 1U : 0U) || recalled.frozen != world_->frozen()) {
    Report("store-agrees", fmt::format("{} services, frozen {}", services, recalled.frozen));
  }
}

void Invariants::LookAround() {
  if (world_->life() != life_) {
    life_ = world_->life();
    revived_ = now();
    waiting_.clear();  // lost with the daemon
    deferred_.clear();
    for (auto& [id, trial] : trials_) {
      trial.crashed |= !trial.billed;
    }
  }
  CheckShadows();
  CheckIntents();
  CheckBounds();
}

// Nothing stays asked of the provider for a replica that is over; an answer takes its time.
void Invariants::CheckIntents() {
  for (auto& [key, pending] : pending_) {
    const model::Intent& intent = pending.intent;
    const bool providers =
        intent.kind == model::IntentKind::kStartReplica || intent.kind == model::IntentKind::kStopReplica;
    const auto shadow = kept().shadows.find(intent.replica);
    const auto instance = kept().instances.find(intent.replica);
    const bool over = (shadow != kept().shadows.end() && !Alive(shadow->second.state)) ||
                      (instance != kept().instances.end() && !Alive(instance->second.state));
    if (!providers || !over || world_->down()) {
      continue;
    }
    pending.over = pending.over.value_or(now());
    if (now() - std::max({*pending.over, revived_, world_->commits().last_trouble()}) > kStopped) {
      Report("intent-ends", fmt::format("{} is pending and its replica is over", key));
    }
  }
}

void Invariants::CheckShadows() {
  int alive = 0;
  for (const auto& [id, replica] : world_->replicas().replicas()) {
    if (replica.role != model::Role::kShadow) {
      continue;
    }
    ++alive;
    const auto shadow = kept().shadows.find(id);
    if (shadow == kept().shadows.end()) {
      Report("intent-first", fmt::format("shadow {} runs and is not durable", id));
      continue;
    }
    const model::ShadowSpec spec = kept().service ? kept().service->spec.shadows : model::ShadowSpec();
    if (now() - replica.started > spec.ttl + replica.lease + kStopped) {
      Report("shadow-ttl", fmt::format("{} runs for {:.0f} s", id, ToSeconds(now() - replica.started)));
    }
    const auto trial = trials_.find(shadow->second.trial);
    const MonoTime ended = trial == trials_.end() ? MonoTime::max() : trial->second.ended;
    if (ended == MonoTime::max()) {
      continue;
    }
    const MonoTime since = std::max({ended, revived_, world_->commits().last_trouble()});
    if (now() - since > kStopped + replica.lease) {
      Report("shadow-outlives-trial", fmt::format("{} by {:.0f} s", id, ToSeconds(now() - ended)));
    }
  }
  if (alive > world_->core().arbiter().limits().max_shadows && !world_->down()) {
    Report("shadow-quota", fmt::format("{} shadows run", alive));
  }
}

void Invariants::CheckBounds() {
  const auto& service = kept().service;
  const bool wrong =
      service && service->spec.mode == model::Mode::kAct && !service->deleting && !world_->frozen() &&
      service->target > 0 &&
      (service->target < service->spec.bounds.min || service->target > service->spec.bounds.max);
  if (!wrong) {
    bounds_broken_ = MonoTime::max();
  } else if (bounds_broken_ == MonoTime::max()) {
    bounds_broken_ = now();
  } else if (now() - std::max({bounds_broken_, revived_, world_->commits().last_trouble()}) > kBoundsFollow) {
    Report("bounds", fmt::format("target {} of {} to {} for long", service->target, service->spec.bounds.min,
                                 service->spec.bounds.max));
    bounds_broken_ = now();
  }
}

}  // namespace shadowd::sim
