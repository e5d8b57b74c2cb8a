// From a trigger to a trial, and from its verdicts to a decision. What makes a trigger: service_trigger.cc.
#include <algorithm>
#include <utility>

#include "analysis/decide.h"
#include "control/service_machine.h"
#include "cost/worth.h"

namespace shadowd::control {

using model::DecisionKind;
using model::DecisionState;
using model::TriggerKind;

namespace {

constexpr int kRoundsMax = 2;

bool HoldsNowhere(const model::Trial& trial, const model::Bounds& bounds) {
  return std::any_of(trial.arms.begin(), trial.arms.end(), [&](const model::Arm& arm) {
    return arm.role == model::ArmRole::kCandidate && arm.level == bounds.max &&
           arm.verdict.slo == model::SloAxis::kFails;
  });
}

}  // namespace

void ServiceMachine::Begin(const model::Trigger& trigger, Urgency urgency, Context& c) {
  if (advised_) {  // a newer question makes the open advice stale
    advised_->state = DecisionState::kSuperseded;
    c.out.Put(*advised_);
    advised_.reset();
  }
  model::Decision decision;
  decision.id = model::DecisionId(fmt::format("{}-d{}", service_.spec.id, intents_.NextNumber(c.out)));
  decision.service = service_.spec.id;
  decision.trigger = trigger;
  decision.from = trigger.current;
  decision.planned = trigger.planned;
  decision.to = trigger.planned;
  decision.version = trigger.version;
  decision.create_time = c.now.wall;
  decision.reason = trigger.evidence;
  decision_ = std::move(decision);
  c.out.Log("decision={} trigger={} from={} planned={} evidence=\"{}\"", decision_->id,
            model::TriggerKindName(trigger.kind), trigger.current, trigger.planned, trigger.evidence);

  std::vector<model::Arm> arms = PlanArms(trigger, View(ProductionVersion(), c.now));
  decision_->arms = arms;
  if (urgency == Urgency::kEmergency || (urgency == Urgency::kNoTimeForTrial && Trials())) {
    DecideUntested(urgency == Urgency::kEmergency ? "an emergency is never delayed by a trial"
                                                  : "a trial would end too late; it follows",
                   c);
    test_afterwards_ = phase_ == Phase::kApplying ? std::optional(trigger.kind) : std::nullopt;
    return;
  }
  if (const std::optional<std::string> why = WhyNoTrial(trigger, arms, c)) {
    decision_->arms = arms;
    DecideUntested(*why, c);
    return;
  }
  StartTrial(std::move(arms), c);
}

cost::WorthInput ServiceMachine::TrialOutlook(const model::Trigger& trigger, size_t arms, const Context& c) {
  const PlanView view = View(ProductionVersion(), c.now);
  cost::WorthInput worth;
  worth.prices = service_.spec.prices;
  worth.current = trigger.current;
  worth.planned = trigger.planned;
  worth.hold_seconds = ToSeconds(service_.spec.forecast.hold);
  worth.shadows = static_cast<int>(arms) * service_.spec.shadows.shadows_per_level;
  worth.trial_seconds = ToSeconds(view.trial_time);
  const bool unknown = trigger.kind == TriggerKind::kNewVersion || !view.curve.version_known();
  worth.probability_plan_wrong = unknown ? 0.5 : learner_.PlanWrongProbability();
  // A plan found wrong in production is corrected after an emergency and a lead time, and not worse than for
  // the hold. One that was measured to hold can only be too large.
  worth.violation_minutes_if_wrong =
      MeasuredToHold(trigger, c)
          ? 0
          : std::min(worth.hold_seconds, ToSeconds(service_.spec.triggers.emergency_after + view.lead_time)) /
                60.0;
  worth.excess_instances_if_wrong = 1;
  return worth;
}

bool ServiceMachine::WouldTest(const model::Trigger& trigger, const Context& c) {
  const size_t arms = PlanArms(trigger, View(ProductionVersion(), c.now)).size();
  return Trials() && !Answered(trigger, c) && cost::AssessTrial(TrialOutlook(trigger, arms, c)).worth;
}

std::optional<std::string> ServiceMachine::WhyNoTrial(const model::Trigger& trigger,
                                                      std::vector<model::Arm>& arms, Context& c) {
  if (!Trials()) {
    return "the spec's trial policy is NEVER";
  }
  if (const std::optional<model::ArmVerdict> verdict = Answered(trigger, c)) {
    for (model::Arm& arm : arms) {
      if (arm.level == trigger.planned && arm.role == model::ArmRole::kCandidate) {
        arm.verdict = *verdict;
        arm.cached = true;
      }
    }
    decision_->kind = DecisionKind::kConfirmed;
    return "these levels were measured a short while ago";
  }
  const cost::WorthInput outlook = TrialOutlook(trigger, arms.size(), c);
  const cost::Worth answer = cost::AssessTrial(outlook);
  decision_->worth = answer.loss_avoided - answer.price;
  if (!answer.worth && trigger.kind != TriggerKind::kProposal) {
    if (MeasuredToHold(trigger, c)) {
      decision_->kind = DecisionKind::kConfirmed;
    }
    return answer.reason;
  }
  decision_->trial = model::TrialId(fmt::format("{}-t{}", service_.spec.id, intents_.NextNumber(c.out)));
  const Status granted = c.host.Grant(decision_->trial, outlook.shadows);
  if (!granted.ok()) {
    decision_->trial = model::TrialId();
    return MessageOf(granted);
  }
  return std::nullopt;
}

bool ServiceMachine::MeasuredToHold(const model::Trigger& trigger, const Context& c) const {
  const auto planned = measured_.Find(trigger.version, trigger.planned_rps / trigger.planned, c.now.mono,
                                      service_.spec.trial.measured_fresh);
  return planned && planned->slo == model::SloAxis::kHolds;
}

// A plan is answered when a fresh trial of this version settled that it holds and that its neighbour below
// does not.
std::optional<model::ArmVerdict> ServiceMachine::Answered(const model::Trigger& trigger,
                                                          const Context& c) const {
  if (trigger.kind == TriggerKind::kProposal) {
    return std::nullopt;
  }
  const Micros fresh = service_.spec.trial.measured_fresh;
  const auto planned =
      measured_.Find(trigger.version, trigger.planned_rps / trigger.planned, c.now.mono, fresh);
  if (!planned || planned->slo != model::SloAxis::kHolds) {
    return std::nullopt;
  }
  if (trigger.planned > service_.spec.bounds.min) {
    const auto below =
        measured_.Find(trigger.version, trigger.planned_rps / (trigger.planned - 1), c.now.mono, fresh);
    if (!below || below->slo != model::SloAxis::kFails) {
      return std::nullopt;
    }
  }
  return *planned;
}

void ServiceMachine::StartTrial(std::vector<model::Arm> arms, Context& c) {
  shadow::TrialRun::Setup setup;
  setup.trial.id = decision_->trial;
  setup.trial.service = service_.spec.id;
  setup.trial.trigger = decision_->trigger;
  setup.trial.arms = std::move(arms);
  setup.spec = service_.spec;
  setup.version = decision_->trigger.version;
  setup.tolerances = learner_.tolerances();
  setup.history = learner_.points();
  setup.production_instances = Current();
  setup.seed = static_cast<uint64_t>(intents_.NextNumber(c.out)) * 0x9e3779b97f4a7c15ULL;
  decision_->state = DecisionState::kTesting;
  c.out.Put(*decision_);
  trial_.emplace(std::move(setup));
  phase_ = Phase::kTrialling;
  trial_->Start(intents_, c.now, c.out);
}

model::ModelVersion ServiceMachine::LearnFromTrial(Context& c) {
  const std::vector<model::CapacityPoint> points = trial_->TakeVerdicts(c.now);
  learner_.RecordErrors(trial_->trial().arms, service_.spec.trial.tolerance);
  model::ModelVersion version = learner_.Retrain(model::RetrainCause::kTrial, trial_->trial().id,
                                                 trial_->version(), points, service_.spec.slo, c.now.wall);
  c.out.Log("model={} cause=TRIAL trial={} error_before={:.3f} error_after={:.3f} summary=\"{}\"",
            version.number, version.trial, version.error_before, version.error_after, version.summary);
  c.out.Put(version);
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
  measured_.Remember(trial_->version(), trial.arms, c.now.mono);
  if (finding.another_round_level && trial.round < kRoundsMax) {
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
  if (trial.trigger.kind == TriggerKind::kNewVersion && decision.version != service_.rollout_version &&
      HoldsNowhere(trial, service_.spec.bounds)) {
    decision.kind = DecisionKind::kRejected;
    decision.to = decision.from;
    decision.reason = fmt::format(
        "version {} holds the SLO with no number of replicas up to {}; {} stays in production. {}",
        decision.version, service_.spec.bounds.max, service_.rollout_version, finding.reason);
  }
  const bool unseen = std::none_of(trial.arms.begin(), trial.arms.end(),
                                   [](const model::Arm& arm) { return arm.verdict.requests > 0; });
  if (trial.trigger.kind == TriggerKind::kNewVersion && decision.version != service_.rollout_version &&
      unseen) {
    decision.kind = DecisionKind::kInconclusive;
    decision.to = decision.from;
    decision.version = service_.rollout_version;
    decision.reason =
        fmt::format("nothing of version {} was seen to run, so it is not let into production yet. {}",
                    trial.trigger.version, finding.reason);
  }
  learner_.RecordTrial(ToSeconds(trial_->Age(c.now)));
  learner_.RecordPlan(decision.kind == DecisionKind::kConfirmed);
  const bool settled = decision.kind != DecisionKind::kInconclusive;
  EndTrial(settled ? model::TrialState::kSettled : model::TrialState::kInconclusive,
           model::DecisionKindName(decision.kind), c);
  ApplyDecision(c);
}

// Decides on the evidence so far, without acting on it: the trigger that follows starts from the retrained
// curve.
void ServiceMachine::Supersede(const std::string& why, Context& c) {
  LearnFromTrial(c);
  measured_.Remember(trial_->version(), trial_->trial().arms, c.now.mono);
  model::Decision& decision = *decision_;
  const analysis::Finding finding =
      analysis::Decide({.trigger = trial_->trial().trigger,
                        .arms = trial_->trial().arms,
                        .refitted = &learner_.CurveOf(trial_->version(), c.now.wall),
                        .bounds = service_.spec.bounds,
                        .slo = service_.spec.slo,
                        .deadline_passed = true,
                        .round = kRoundsMax});
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
