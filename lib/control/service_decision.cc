// From a decision through the gate to production, and into the books.
#include <algorithm>
#include <utility>

#include "control/gate.h"
#include "control/service_machine.h"
#include "cost/worth.h"

namespace shadowd::control {

using model::DecisionKind;
using model::DecisionState;
using model::Mode;
using model::TriggerKind;

namespace {

constexpr Micros kRetryBlocked = std::chrono::seconds(5);

}  // namespace

// Without a trial the plan stands as it is, except where a wrong one would hurt: a scale-in that could not be
// tested waits.
void ServiceMachine::DecideUntested(const std::string& why, Context& c) {
  model::Decision& decision = *decision_;
  decision.skip_reason = why;
  decision.decide_time = c.now.wall;
  const bool wanted_trial = Trials() && decision.kind == DecisionKind::kProvisional && decision.worth > 0;
  if (decision.to < decision.from && wanted_trial) {
    decision.kind = DecisionKind::kInconclusive;
    decision.to = decision.from;
    decision.reason = fmt::format("{}; not tested ({}), so nothing is taken away", decision.reason, why);
  } else {
    decision.reason = fmt::format("{}; not tested: {}", decision.reason, why);
  }
  ApplyDecision(c);
}

void ServiceMachine::ApplyDecision(Context& c) {
  model::Decision& decision = *decision_;
  for (Ending& ending : endings_) {
    if (ending.decision.id == decision.id) {
      ending.decision = decision;
    }
  }
  const bool refused =
      decision.trigger.kind == TriggerKind::kNewVersion && decision.kind == DecisionKind::kRejected;
  if (refused) {
    refused_version_ = decision.version;
    FinishDecision(DecisionState::kBlocked, c);
    return;
  }
  const bool new_version = decision.version != service_.rollout_version && service_.spec.mode == Mode::kAct;
  if (service_.spec.mode == Mode::kAdvise) {
    if (decision.to == decision.from) {
      FinishDecision(DecisionState::kApplied, c);
      return;
    }
    advised_ = decision;
    FinishDecision(DecisionState::kAdvised, c);
    advised_ = last_finished_;
    return;
  }
  if (decision.to == decision.from && !new_version) {
    FinishDecision(DecisionState::kApplied, c);
    return;
  }
  const GateAnswer gate = PassGate({.mode = service_.spec.mode,
                                    .bounds = service_.spec.bounds,
                                    .frozen = c.host.frozen(),
                                    .frozen_reason = c.host.frozen_reason(),
                                    .trigger = decision.trigger.kind,
                                    .from = decision.from,
                                    .to = decision.to,
                                    .new_version = new_version,
                                    .last_out = last_out_,
                                    .last_in = last_in_,
                                    .now = c.now.mono});
  decision.gate_reason = gate.reason;
  if (!gate.open) {
    FinishDecision(DecisionState::kBlocked, c);
    return;
  }
  decision.to = gate.to;
  service_.target = gate.to;
  if (new_version) {
    service_.rollout_version = decision.version;
    service_.rollout_instance = service_.spec.instance;
  }
  (gate.to < decision.from ? last_in_ : last_out_) = c.now.mono;
  decision.state = DecisionState::kApplying;
  c.out.Log("decision={} to=APPLYING kind={} from={} planned={} replicas={} reason=\"{}\"", decision.id,
            model::DecisionKindName(decision.kind), decision.from, decision.planned, decision.to,
            decision.reason);
  c.out.Put(decision);
  c.out.Put(service_);
  c.out.Put(model::AuditEntry{c.now.wall, "core", "Scale", service_.spec.id.str(),
                              fmt::format("decision={} from={} to={} version={}", decision.id, decision.from,
                                          decision.to, service_.rollout_version)});
  phase_ = Phase::kApplying;
  Produce(c);
}

void ServiceMachine::FinishDecision(DecisionState state, Context& c) {
  model::Decision& decision = *decision_;
  decision.state = state;
  if (state == DecisionState::kApplied) {
    decision.applied_time = c.now.wall;
    decision.lead_seconds = ToSeconds(c.now.wall - decision.trigger.at);
  }
  c.out.Log("decision={} to={} kind={} from={} planned={} replicas={}{}", decision.id,
            model::DecisionStateName(state), model::DecisionKindName(decision.kind), decision.from,
            decision.planned, decision.to,
            decision.gate_reason.empty() ? std::string() : fmt::format(" gate=\"{}\"", decision.gate_reason));
  c.out.Put(decision);
  for (Ending& ending : endings_) {
    ending.decision = ending.decision.id == decision.id ? decision : ending.decision;
  }
  if (state == DecisionState::kApplied) {
    BeginFollowUp(decision, c);
  }
  const bool unchanged = decision.to == decision.from || state != DecisionState::kApplied;
  const Micros wait = state == DecisionState::kBlocked && decision.kind != DecisionKind::kRejected
                          ? kRetryBlocked
                          : std::max<Micros>(service_.spec.forecast.hold / 2, kRetryBlocked);
  if (unchanged) {
    last_answer_ = LastAnswer{decision.planned, decision.trigger.version, c.now.mono + wait};
  }
  if (decision.trial.empty()) {
    WriteLedger(decision, nullptr, c);
  }
  last_finished_ = std::move(decision_);
  decision_.reset();
}

void ServiceMachine::WriteLedger(const model::Decision& decision, const model::Trial* trial, Context& c) {
  const model::Prices& prices = service_.spec.prices;
  const double hold = ToSeconds(service_.spec.forecast.hold);
  model::LedgerEntry entry;
  entry.service = service_.spec.id;
  entry.decision = decision.id;
  entry.trial = decision.trial;
  entry.at = c.now.wall;
  entry.currency = prices.currency;
  if (trial != nullptr) {
    entry.shadow_seconds = trial->shadow_seconds;
    entry.shadow_cost = cost::ShadowCost(prices, trial->shadow_seconds);
  }
  const bool superseded = decision.state == DecisionState::kSuperseded;  // nothing followed from it
  entry.instance_seconds_changed = superseded ? 0 : (decision.to - decision.planned) * hold;
  entry.instance_cost_changed = entry.instance_seconds_changed / 3600.0 * prices.instance_hour;
  const bool saved_violation = decision.to > decision.planned && (decision.kind == DecisionKind::kAdjusted ||
                                                                  decision.kind == DecisionKind::kRejected);
  if (saved_violation) {  // it would have been over the SLO until an emergency corrected it
    const Micros until_corrected = service_.spec.triggers.emergency_after + LeadTime();
    entry.violation_minutes_avoided = std::min(hold, ToSeconds(until_corrected)) / 60.0;
  }
  entry.note = trial != nullptr ? fmt::format("{} in a trial of {} arms",
                                              model::DecisionKindName(decision.kind), trial->arms.size())
                                : decision.skip_reason;
  entry.counterfactual =
      trial != nullptr
          ? fmt::format("without the trial {} replicas would have served for {:.0f} s{}", decision.planned,
                        hold, saved_violation ? ", over the SLO until an emergency had brought more" : "")
          : "";
  CloseEntry(decision, entry);
  last_entry_ = entry;
  c.out.Put(std::move(entry));
}

// What is known of the outcome by now is taken into account: a plan that production showed to hold was
// refused in vain, and nothing was avoided.
void ServiceMachine::CloseEntry(const model::Decision& decision, model::LedgerEntry& entry) const {
  if (decision.outcome == model::DecisionOutcome::kFalseReject) {
    entry.violation_minutes_avoided = 0;
  }
  entry.violation_cost_avoided = entry.violation_minutes_avoided * service_.spec.prices.violation_per_minute;
  entry.worth = entry.violation_cost_avoided - entry.instance_cost_changed - entry.shadow_cost;
  if (decision.outcome != model::DecisionOutcome::kOpen) {
    entry.note += fmt::format("; afterwards {}: {}", model::DecisionOutcomeName(decision.outcome),
                              decision.outcome_reason);
  }
}

// The trial's last shadow is gone and its price known; wherever the decision is by now, it says so.
void ServiceMachine::BillTrial(Ending& ending, Context& c) {
  const double cost = ending.trial.trial().cost;
  learner_.Spend(c.now.wall, cost);
  ending.decision.trial_cost = cost;
  const auto bill = [&](model::Decision* decision) {
    const bool same = decision != nullptr && decision->id == ending.decision.id;
    if (same) {
      decision->trial_cost = cost;
    }
    return same;
  };
  const bool open = bill(decision_ ? &*decision_ : nullptr);
  const bool followed = bill(follow_up_ ? &follow_up_->decision() : nullptr);
  const bool advised = bill(advised_ ? &*advised_ : nullptr);
  const bool finished = bill(last_finished_ ? &*last_finished_ : nullptr);
  c.out.Put(open       ? *decision_
            : followed ? follow_up_->decision()
            : advised  ? *advised_
            : finished ? *last_finished_
                       : ending.decision);
}

}  // namespace shadowd::control
