// From a trigger to a trial, and from its verdicts to a decision. What makes a trigger: service_trigger.cc.
#include <algorithm>
#include <utility>

#include "control/service_machine.h"
#include "cost/worth.h"

namespace shadowd::control {

using model::DecisionKind;
using model::DecisionState;
using model::TriggerKind;

namespace {

bool Ordered(model::TriggerKind kind) {  // by a caller, who wants it measured
  return kind == TriggerKind::kProposal || kind == TriggerKind::kCalibration;
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
  drift_.reset();
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
  const Doubts doubts = DoubtsOf(trigger, view, learner_.PlanWrongProbability());
  worth.probability_too_small = doubts.too_small;
  worth.probability_too_large = doubts.too_large;
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
  if (!Trials() || Answered(trigger, c)) {
    return false;
  }
  const cost::WorthInput outlook = TrialOutlook(trigger, CountArms(trigger, service_.spec), c);
  return cost::AssessTrial(outlook).worth && !OverBudget(outlook, c);
}

std::optional<std::string> ServiceMachine::OverBudget(const cost::WorthInput& outlook,
                                                      const Context& c) const {
  const double budget = service_.spec.trial.daily_budget;
  const double spent = learner_.SpentInADay(c.now.wall);
  const double price = cost::ShadowCost(service_.spec.prices, outlook.shadows * outlook.trial_seconds);
  if (budget <= 0 || spent + price <= budget) {
    return std::nullopt;
  }
  return fmt::format(
      "the daily budget of shadows is {:.4f} {}: {:.4f} are spent and this trial would cost {:.4f}", budget,
      service_.spec.prices.currency, spent, price);
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
  if (!answer.worth && !Ordered(trigger.kind)) {
    if (MeasuredToHold(trigger, c)) {
      decision_->kind = DecisionKind::kConfirmed;
    }
    return answer.reason;
  }
  if (std::optional<std::string> over = OverBudget(outlook, c)) {
    return over;
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
  const auto planned = measured_.Find(trigger.version, trigger.planned_rps / trigger.planned, c.now.wall,
                                      service_.spec.trial.measured_fresh);
  return planned && planned->slo == model::SloAxis::kHolds;
}

// A plan is answered when a fresh trial of this version settled that it holds and that its neighbour below
// does not.
std::optional<model::ArmVerdict> ServiceMachine::Answered(const model::Trigger& trigger,
                                                          const Context& c) const {
  if (Ordered(trigger.kind)) {
    return std::nullopt;
  }
  const Micros fresh = service_.spec.trial.measured_fresh;
  const auto planned =
      measured_.Find(trigger.version, trigger.planned_rps / trigger.planned, c.now.wall, fresh);
  if (!planned || planned->slo != model::SloAxis::kHolds) {
    return std::nullopt;
  }
  if (trigger.planned > service_.spec.bounds.min) {
    const auto below =
        measured_.Find(trigger.version, trigger.planned_rps / (trigger.planned - 1), c.now.wall, fresh);
    if (!below || below->slo != model::SloAxis::kFails) {
      return std::nullopt;
    }
  }
  return *planned;
}

// Levels that were measured a short while ago are not measured again, as long as there is one to measure.
void ServiceMachine::TakeFromCache(const model::Trigger& trigger, std::vector<model::Arm>& arms,
                                   const Context& c) const {
  if (Ordered(trigger.kind) || trigger.kind == TriggerKind::kDrift) {
    return;
  }
  std::vector<model::Arm> cached = arms;
  bool left = false;
  for (model::Arm& arm : cached) {
    if (arm.role != model::ArmRole::kCandidate) {
      continue;
    }
    const auto verdict =
        measured_.Find(trigger.version, arm.load_rps, c.now.wall, service_.spec.trial.measured_fresh);
    arm.cached = verdict.has_value();
    arm.verdict = verdict.value_or(model::ArmVerdict());
    left = left || !arm.cached;
  }
  if (left) {
    arms = std::move(cached);
  }
}

void ServiceMachine::StartTrial(std::vector<model::Arm> arms, Context& c) {
  TakeFromCache(decision_->trigger, arms, c);
  decision_->arms = arms;
  shadow::TrialRun::Setup setup;
  setup.trial.id = decision_->trial;
  setup.trial.service = service_.spec.id;
  setup.trial.trigger = decision_->trigger;
  setup.trial.arms = std::move(arms);
  setup.spec = service_.spec;
  setup.version = decision_->trigger.version;
  setup.tolerances = learner_.Tolerances(CircumstancesOf(decision_->trigger, c.now), service_.spec.trial);
  setup.history = learner_.points();
  setup.production_instances = Current();
  setup.seed = static_cast<uint64_t>(intents_.NextNumber(c.out)) * 0x9e3779b97f4a7c15ULL;
  decision_->state = DecisionState::kTesting;
  c.out.Put(*decision_);
  trial_.emplace(std::move(setup));
  phase_ = Phase::kTrialling;
  trial_->Start(intents_, c.now, c.out);
}

}  // namespace shadowd::control
