// When something is to be done, and whether a trial comes before it.
#include <algorithm>
#include <utility>

#include "control/gate.h"
#include "control/service_machine.h"

namespace shadowd::control {

using model::DecisionState;
using model::Mode;
using model::TriggerKind;

namespace {

constexpr int kSurplusSteps = 3;  // a surplus must last this long before it is acted upon

}  // namespace

bool ServiceMachine::Suppressed(const model::Trigger& trigger, Now now) const {
  return last_answer_ && last_answer_->planned == trigger.planned &&
         last_answer_->version == trigger.version && now.mono < last_answer_->until;
}

bool ServiceMachine::GateWouldRefuse(const model::Trigger& trigger, Context& c) const {
  if (service_.spec.mode != Mode::kAct || trigger.planned == trigger.current) {
    return false;
  }
  GateInput gate{.mode = service_.spec.mode,
                 .bounds = service_.spec.bounds,
                 .frozen = c.host.frozen(),
                 .frozen_reason = c.host.frozen_reason(),
                 .trigger = trigger.kind,
                 .from = trigger.current,
                 .to = trigger.planned,
                 .new_version = false,
                 .last_out = last_out_,
                 .last_in = last_in_,
                 .now = c.now.mono};
  return !PassGate(gate).open;
}

std::optional<ServiceMachine::Next> ServiceMachine::NextTrigger(
    const std::optional<forecast::LimitSignal>& signal, Context& c) {
  const PlanView view = View(ProductionVersion(), c.now);
  if (VersionPending()) {
    return Next{VersionTrigger(view, IdentityOf(service_.spec)), Urgency::kAfterTrial};
  }
  if (test_afterwards_ && Trials()) {
    const TriggerKind kind = *test_afterwards_;
    test_afterwards_.reset();
    return Next{AfterwardsTrigger(view, kind), Urgency::kAfterTrial};
  }
  if (!view.curve.known() && !version_tried_ && Trials() &&
      demand_->forecast().state == model::ForecastState::kReady) {
    version_tried_ = true;
    return Next{VersionTrigger(view, view.version), Urgency::kAfterTrial};
  }
  std::optional<Next> next = FindNext(view, signal, c);
  const bool surplus = next && next->trigger.kind == TriggerKind::kSurplus;
  surplus_steps_ = surplus ? surplus_steps_ + 1 : 0;
  if (!next || (surplus && surplus_steps_ < kSurplusSteps) || GateWouldRefuse(next->trigger, c)) {
    return std::nullopt;
  }
  return next;
}

// A trial must have ended when its remedy has to be ordered, so it is begun that much earlier. Where none
// would be run, nobody looks farther ahead than the remedy takes. Where there is no time left for one, the
// remedy goes first and is tested afterwards.
std::optional<ServiceMachine::Next> ServiceMachine::FindNext(
    const PlanView& view, const std::optional<forecast::LimitSignal>& signal, Context& c) {
  const std::optional<model::Trigger> trigger = FindTrigger(view, signal);
  if (!trigger || !Trials()) {
    return trigger ? std::optional<Next>({*trigger, Urgency::kAfterTrial}) : std::nullopt;
  }
  PlanView near = view;
  near.trial_time = Micros(0);
  const std::optional<model::Trigger> pressing = FindTrigger(near, signal);
  if (!WouldTest(*trigger, c)) {
    return pressing ? std::optional<Next>({*pressing, Urgency::kAfterTrial}) : std::nullopt;
  }
  if (pressing && pressing->planned > pressing->current) {
    return Next{*pressing, Urgency::kNoTimeForTrial};
  }
  return Next{*trigger, Urgency::kAfterTrial};
}

void ServiceMachine::Consider(const std::optional<forecast::LimitSignal>& signal, Context& c) {
  if (service_.spec.mode == Mode::kObserve || c.host.frozen() || Current() <= 0 || !demand_->known()) {
    return;
  }
  if (phase_ == Phase::kIdle) {
    const std::optional<Next> next = NextTrigger(signal, c);
    if (next && !Suppressed(next->trigger, c.now)) {
      Begin(next->trigger, next->urgency, c);
    }
    return;
  }
  if (phase_ == Phase::kApplying) {
    ConsiderMore(signal, c);
    return;
  }
  if (phase_ != Phase::kTrialling || trial_->trial().trigger.kind == TriggerKind::kNewVersion) {
    return;
  }
  PlanView view = View(ProductionVersion(), c.now);
  // A trial that no longer covers what is coming makes way for one that does.
  const std::optional<model::Trigger> trigger = FindTrigger(view, signal);
  int largest = 0;
  for (const model::Arm& arm : trial_->trial().arms) {
    largest = std::max(largest, arm.level);
  }
  if (trigger && trigger->kind != TriggerKind::kSurplus && trigger->planned > largest) {
    Supersede("demand outgrew the levels under test", c);
    Begin(*trigger, Urgency::kAfterTrial, c);
    return;
  }
  view.trial_time = Micros(0);
  if (const std::optional<model::Trigger> pressing = FindPressing(view);
      pressing && !GateWouldRefuse(*pressing, c)) {
    Supersede("demand comes sooner than the trial can end", c);
    Begin(*pressing, Urgency::kNoTimeForTrial, c);
  }
}

// While replicas are on their way demand may outgrow them: more are ordered then, not after they arrived.
void ServiceMachine::ConsiderMore(const std::optional<forecast::LimitSignal>& signal, Context& c) {
  PlanView view = View(ProductionVersion(), c.now);
  view.trial_time = Micros(0);
  const bool adding = decision_ && service_.target > fleet_.Serving();
  const std::optional<model::Trigger> trigger = adding ? FindTrigger(view, signal) : std::nullopt;
  if (!trigger || trigger->planned <= service_.target || GateWouldRefuse(*trigger, c)) {
    return;
  }
  FinishDecision(DecisionState::kSuperseded, c);
  Begin(*trigger, Urgency::kNoTimeForTrial, c);
}

void ServiceMachine::OnEmergency(const std::string& evidence, Context& c) {
  const bool quiet = emergency_quiet_until_ && c.now.mono < *emergency_quiet_until_;
  if (service_.spec.mode == Mode::kObserve || quiet || Current() <= 0) {
    return;
  }
  model::Trigger trigger = EmergencyTrigger(View(ProductionVersion(), c.now), evidence);
  if (trigger.planned <= trigger.current || Suppressed(trigger, c.now)) {
    return;
  }
  // A remedy on its way is waited for, unless demand has outgrown it.
  const bool underway = phase_ == Phase::kApplying && service_.target > fleet_.Serving();
  const int reach = std::min(trigger.planned, trigger.current + service_.spec.bounds.step_out_max);
  if (underway && reach <= service_.target) {
    return;
  }
  if (trial_) {
    Supersede("an emergency in production", c);
  }
  if (decision_) {
    FinishDecision(DecisionState::kSuperseded, c);
  }
  emergency_.Reset();
  Begin(trigger, Urgency::kEmergency, c);
}

}  // namespace shadowd::control
