// What a restart does to a service: production is adopted, shadows are ended, and a trial that cannot be
// finished is closed.
#include <algorithm>
#include <map>
#include <utility>

#include "control/service_machine.h"
#include "cost/worth.h"

namespace shadowd::control {

using model::DecisionState;
using model::ReplicaState;

void ServiceMachine::Handle(const ports::Restored& event, Context& c) {
  service_ = event.service;
  intents_ = shadow::IntentBook(event.next_sequence);
  intents_.Restore(event.pending_intents, c.now, c.out);
  learner_.Restore(event.models);
  measured_.Restore(learner_.measured());
  demand_.emplace(service_.spec);
  demand_->SetReach(Reach());
  demand_->Import(event.demand_rps);
  fleet_.Restore(event.instances);
  phase_ = service_.deleting ? Phase::kDeleting : Phase::kIdle;

  std::map<model::TrialId, model::Trial> cut_off;
  for (const model::Trial& trial : event.open_trials) {
    cut_off.emplace(trial.id, CloseCutOff(trial, event, c));
  }
  for (const model::Shadow& shadow : event.shadows) {
    if (shadow.state != ReplicaState::kStopped && shadow.state != ReplicaState::kFailed) {
      orphans_[shadow.id].shadow = shadow;
    }
  }
  for (model::Decision decision : event.open_decisions) {
    if (decision.state == DecisionState::kApplying) {
      decision_ = std::move(decision);  // the target is durable: the fleet goes on towards it
    } else if (decision.state == DecisionState::kAdvised) {
      advised_ = std::move(decision);
    } else {
      decision.kind = model::DecisionKind::kInconclusive;
      decision.state = DecisionState::kSuperseded;
      decision.to = decision.from;
      decision.reason = "The daemon was restarted before the verdict; the question is asked anew.";
      if (const auto trial = cut_off.find(decision.trial); trial != cut_off.end()) {
        decision.trial_cost = trial->second.cost;
        WriteLedger(decision, &trial->second, c);
      }
      c.out.Put(std::move(decision));
    }
  }
  if (service_.spec.Observed() && phase_ != Phase::kDeleting) {
    c.out.Do(ports::ObserveProduction{service_.spec, demand_->newest()});
  }
  if (service_.target > 0 && phase_ == Phase::kIdle) {
    phase_ = Phase::kApplying;
  }
  Produce(c);
  if (demand_->forecaster().observations() > 0) {
    RequestFit(c);
  }
  c.out.Log("to={} cause=restored instances={} shadows_to_end={} trials_closed={}", PhaseName(phase_),
            event.instances.size(), orphans_.size(), event.open_trials.size());
}

// The price is final at once, so that another restart cannot lose it: a shadow is paid until now, or until
// its time to live was over. One whose lease ran out meanwhile is paid for longer than it ran.
model::Trial ServiceMachine::CloseCutOff(model::Trial trial, const ports::Restored& event, Context& c) {
  for (const model::Shadow& shadow : event.shadows) {
    if (shadow.trial == trial.id) {
      const WallTime until = std::min(c.now.wall, shadow.expire_time);
      trial.shadow_seconds += std::max(0.0, ToSeconds(until - shadow.create_time));
    }
  }
  trial.cost = cost::ShadowCost(service_.spec.prices, trial.shadow_seconds);
  trial.state = model::TrialState::kInconclusive;
  trial.end_time = c.now.wall;
  trial.note = kCutOff;
  c.out.Log("trial={} to=INCONCLUSIVE cause=restart shadow_seconds={:.1f}", trial.id, trial.shadow_seconds);
  learner_.Spend(c.now.wall, trial.cost);
  c.out.Put(trial);
  return trial;
}

void ServiceMachine::Handle(const ports::ReplicaFound& event, Context& c) {
  if (fleet_.OnFound(event, intents_, c.now, c.out)) {
    return;
  }
  const auto orphan = orphans_.find(event.replica);
  if (orphan == orphans_.end()) {
    return;
  }
  if (!event.alive) {
    EndOrphan(event.replica, "gone when the daemon came back", c);
    return;
  }
  StopOrphan(event.replica, c);
}

void ServiceMachine::StopOrphan(const model::ReplicaId& id, Context& c) {
  Orphan& orphan = orphans_.at(id);
  orphan.shadow.state = ReplicaState::kStopping;
  orphan.stop_asked = c.now.mono;
  c.out.Put(orphan.shadow);
  c.out.Do(
      ports::StopReplica{intents_.Open(model::IntentKind::kStopReplica, id, c.now, c.out), id, Micros(0)});
}

void ServiceMachine::AskOrphansAgain(Context& c) {
  for (const auto& [id, orphan] : orphans_) {
    if (orphan.stop_asked && c.now.mono - *orphan.stop_asked >= shadow::kStopAgain) {
      StopOrphan(id, c);
    }
  }
}

bool ServiceMachine::EndOrphan(const model::ReplicaId& id, const std::string& note, Context& c) {
  const auto orphan = orphans_.find(id);
  if (orphan == orphans_.end()) {
    return false;
  }
  model::Shadow shadow = std::move(orphan->second.shadow);
  orphans_.erase(orphan);
  intents_.CloseAllOf(id, c.now, c.out);
  shadow.state = ReplicaState::kStopped;
  shadow.end_time = c.now.wall;
  shadow.error = note;
  c.out.Put(std::move(shadow));
  return true;
}

}  // namespace shadowd::control
