// The end of a trial: what it taught, and the decision that follows.
#include <algorithm>
#include <utility>

#include "analysis/decide.h"
#include "control/service_machine.h"

namespace shadowd::control {

using model::DecisionKind;
using model::DecisionState;
using model::TriggerKind;

namespace {

bool HoldsNowhere(const model::Trial& trial, const model::Bounds& bounds) {
  return std::any_of(trial.arms.begin(), trial.arms.end(), [&](const model::Arm& arm) {
    return arm.role == model::ArmRole::kCandidate && arm.level == bounds.max &&
           arm.verdict.slo == model::SloAxis::kFails;
  });
}

const model::Arm* ArmIn(const model::Trial& trial, model::ArmRole role) {
  const auto found = std::find_if(trial.arms.begin(), trial.arms.end(),
                                  [role](const model::Arm& arm) { return arm.role == role; });
  return found != trial.arms.end() ? &*found : nullptr;
}

// The outcome of an A/A test: both arms are alike, so what their intervals say to differ is an error of the
// measurement. Production stays as it is.
void CompareAlike(const model::Trial& trial, model::Decision& decision) {
  decision.to = decision.from;
  decision.cause = model::Cause::kNone;
  const model::Arm* one = ArmIn(trial, model::ArmRole::kCandidate);
  const model::Arm* other = ArmIn(trial, model::ArmRole::kNull);
  const bool measured =
      one != nullptr && other != nullptr && one->verdict.windows > 0 && other->verdict.windows > 0;
  std::string differing, compared;
  for (size_t i = 0; measured && i < one->verdict.kpis.size() && i < other->verdict.kpis.size(); ++i) {
    const model::KpiDelta& a = one->verdict.kpis[i];
    const model::KpiDelta& b = other->verdict.kpis[i];
    if (a.measured <= 0 || b.measured <= 0) {
      continue;
    }
    compared += fmt::format("{}{} {:+.1f} %", compared.empty() ? "" : ", ", model::KpiName(a.kind),
                            100 * (a.measured - b.measured) / b.measured);
    // Of memory the smallest and the largest window are told, which is no interval of its mean.
    const bool interval = a.kind != model::KpiKind::kMemory && a.kind != model::KpiKind::kThroughput;
    if (interval && (a.low > b.high || b.low > a.high)) {
      differing += fmt::format("{}{}", differing.empty() ? "" : ", ", model::KpiName(a.kind));
    }
  }
  const bool alike = measured && differing.empty();
  decision.kind = alike ? DecisionKind::kConfirmed : DecisionKind::kInconclusive;
  decision.reason = !measured ? "two shadows at the same load were to be compared, and not both were measured"
                    : alike   ? fmt::format("two shadows at the same load agree: {}", compared)
                              : fmt::format(
                                    "two shadows at the same load differ in {}, which is an error of the "
                                      "measurement: {}",
                                    differing, compared);
  if (measured) {
    decision.reason += fmt::format("; beside production: {}", one->verdict.reason);
  }
}

}  // namespace

model::ModelVersion ServiceMachine::LearnFromTrial(Context& c) {
  const std::vector<model::CapacityPoint> points = trial_->TakeVerdicts(c.now);
  measured_.Remember(trial_->version(), trial_->trial().arms, c.now.wall);
  learner_.SetMeasured(measured_.levels());
  model::ModelVersion version = learner_.Retrain(model::RetrainCause::kTrial, trial_->trial().id,
                                                 trial_->version(), points, service_.spec.slo, c.now.wall);
  c.out.Log("model={} cause=TRIAL trial={} error_before={:.3f} error_after={:.3f} summary=\"{}\"",
            version.number, version.trial, version.error_before, version.error_after, version.summary);
  const model::Trial& trial = trial_->trial();
  if (const uint64_t sent = trial.mirrored_requests + trial.synthetic_requests; sent > 0) {
    mirrored_share_ = static_cast<double>(trial.mirrored_requests) / static_cast<double>(sent);
  }
  trial_->NotePredictions(learner_.CurveOf(CurveVersion(trial_->version()), c.now.wall));
  version = PutVersion(std::move(version), c);
  AskForFit(c);
  return version;
}

void ServiceMachine::Conclude(Context& c) {
  LearnFromTrial(c);
  const model::Trial& trial = trial_->trial();
  const analysis::Finding finding =
      analysis::Decide({.trigger = trial.trigger,
                        .arms = trial.arms,
                        .refitted = &learner_.CurveOf(trial_->version(), c.now.wall),
                        .bounds = service_.spec.bounds,
                        .slo = service_.spec.slo,
                        .deadline_passed = trial_->DeadlinePassed(),
                        .round = trial.round});
  const bool another_round = finding.another_round_level && trial.round < shadow::kRoundsMax &&
                             trial.trigger.kind != TriggerKind::kCalibration;
  if (another_round) {
    c.out.Log("trial={} round=2 level={} cause=\"{}\"", trial.id, *finding.another_round_level,
              finding.reason);
    trial_->NextRound(
        ShiftArms(trial.arms, *finding.another_round_level, trial.trigger, View(trial_->version(), c.now)),
        c.now, c.out);
    return;
  }
  model::Decision& decision = *decision_;
  decision.kind = finding.kind;
  decision.to = finding.to;
  decision.cause = finding.cause;
  decision.reason = finding.reason;
  decision.arms = trial.arms;
  decision.decide_time = c.now.wall;
  const bool new_version =
      trial.trigger.kind == TriggerKind::kNewVersion && decision.version != service_.rollout_version;
  // What replaces a version that does not start may hold nowhere: until it is there nothing can be added.
  if (new_version && !fleet_.Stuck() && HoldsNowhere(trial, service_.spec.bounds)) {
    decision.kind = DecisionKind::kRejected;
    decision.to = decision.from;
    decision.reason = fmt::format(
        "version {} holds the SLO with no number of replicas up to {}; {} stays in production. {}",
        decision.version, service_.spec.bounds.max, service_.rollout_version, finding.reason);
  }
  const bool unseen = std::none_of(trial.arms.begin(), trial.arms.end(),
                                   [](const model::Arm& arm) { return arm.verdict.requests > 0; });
  if (new_version && unseen) {
    decision.kind = DecisionKind::kInconclusive;
    decision.to = decision.from;
    decision.version = service_.rollout_version;
    decision.reason =
        fmt::format("nothing of version {} was seen to run, so it is not let into production yet. {}",
                    trial.trigger.version, finding.reason);
  }
  learner_.RecordTrial(ToSeconds(trial_->Age(c.now)));
  if (trial.trigger.kind == TriggerKind::kCalibration) {
    CompareAlike(trial, decision);
  } else {
    learner_.RecordPlan(decision.kind == DecisionKind::kConfirmed);
  }
  const bool settled = decision.kind != DecisionKind::kInconclusive;
  EndTrial(settled ? model::TrialState::kSettled : model::TrialState::kInconclusive,
           model::DecisionKindName(decision.kind), c);
  ApplyDecision(c);
}

// Decides on the evidence so far, without acting on it: the trigger that follows starts from the retrained
// curve.
void ServiceMachine::Supersede(const std::string& why, Context& c) {
  LearnFromTrial(c);
  model::Decision& decision = *decision_;
  const analysis::Finding finding =
      analysis::Decide({.trigger = trial_->trial().trigger,
                        .arms = trial_->trial().arms,
                        .refitted = &learner_.CurveOf(trial_->version(), c.now.wall),
                        .bounds = service_.spec.bounds,
                        .slo = service_.spec.slo,
                        .deadline_passed = true,
                        .round = shadow::kRoundsMax});
  decision.kind = finding.kind;
  decision.cause = finding.cause;
  decision.arms = trial_->trial().arms;
  decision.reason = fmt::format("superseded: {}. Evidence so far: {}", why, finding.reason);
  decision.decide_time = c.now.wall;
  EndTrial(model::TrialState::kSuperseded, why, c);
  FinishDecision(DecisionState::kSuperseded, c);
  last_answer_.reset();
}

void ServiceMachine::EndTrial(model::TrialState state, const std::string& note, Context& c) {
  trial_->End(state, note, intents_, c.now, c.out);
  endings_.push_back({*std::move(trial_), *decision_});
  trial_.reset();
  phase_ = Phase::kIdle;
}

}  // namespace shadowd::control
