// After a tested decision was applied: production is watched for the hold, the outcome is written into the
// decision and its ledger entry, and the tolerances learn from it.
#include <algorithm>
#include <utility>

#include "control/service_machine.h"
#include "cost/worth.h"

namespace shadowd::control {

using model::DecisionKind;
using model::DecisionOutcome;
using model::DecisionState;
using model::TriggerKind;

analysis::Circumstances ServiceMachine::CircumstancesOf(const model::Trigger& trigger, Now now) const {
  analysis::Circumstances circumstances;
  if (trigger.planned_rps > 0 && trigger.present_rps > 0) {
    circumstances.traffic = trigger.present_rps / trigger.planned_rps;
  }
  circumstances.dispersion = demand_->PeakOverMean() - 1;
  circumstances.hour = analysis::HourOfDay(now.wall);
  circumstances.mirrored = mirrored_share_;
  return circumstances;
}

// What was not tested, or changed nothing by a refusal of its question, says nothing of the trial's verdicts.
void ServiceMachine::BeginFollowUp(const model::Decision& decision, Context& c) {
  EndFollowUp(c);
  const bool settled = decision.kind == DecisionKind::kConfirmed ||
                       decision.kind == DecisionKind::kAdjusted || decision.kind == DecisionKind::kRejected;
  if (decision.trial.empty() || !settled || decision.trigger.kind == TriggerKind::kCalibration ||
      service_.spec.mode != model::Mode::kAct) {
    return;
  }
  follow_up_.emplace(decision, learner_.CurveOf(CurveVersion(decision.version), c.now.wall),
                     c.now.mono + service_.spec.forecast.hold, mirrored_share_);
}

void ServiceMachine::Follow(const model::CapacityPoint& point, Context& c) {
  if (!follow_up_) {
    return;
  }
  const bool same =
      point.instances == follow_up_->decision().to && ProductionVersion() == follow_up_->decision().version;
  if (same) {
    follow_up_->Add(point);
  }
  if (!same || follow_up_->Over(c.now.mono)) {
    EndFollowUp(c);
  }
}

void ServiceMachine::EndFollowUp(Context& c) {
  if (!follow_up_) {
    return;
  }
  const FollowUp::Finding finding = follow_up_->Conclude(service_.spec.slo, demand_->PeakOverMean() - 1);
  model::Decision decision = std::move(follow_up_->decision());
  follow_up_.reset();
  decision.outcome = finding.outcome;
  decision.outcome_reason = finding.reason;
  learner_.RecordOutcome(finding, service_.spec.trial);
  c.out.Log("decision={} outcome={} reason=\"{}\"", decision.id, model::DecisionOutcomeName(decision.outcome),
            decision.outcome_reason);
  if (last_finished_ && last_finished_->id == decision.id) {
    last_finished_ = decision;
  }
  c.out.Put(decision);
  if (last_entry_ && last_entry_->decision == decision.id) {
    CloseEntry(decision, *last_entry_);
    c.out.Put(*last_entry_);
  }
}

}  // namespace shadowd::control
