// What callers may ask of a service.
#include <algorithm>
#include <utility>

#include "control/gate.h"
#include "control/service_machine.h"
#include "cost/coverage.h"

namespace shadowd::control {

using model::Mode;

void ServiceMachine::Audit(const char* method, const std::string& detail, Context& c) {
  c.out.Put(model::AuditEntry{c.now.wall, c.actor.empty() ? "core" : c.actor, method, service_.spec.id.str(),
                              detail});
}

void ServiceMachine::Handle(const ports::ApplyService& event, Context& c) {
  if (!event.etag.empty() && event.etag != service_.etag) {
    c.out.Answer(c.token,
                 WithReason(WithField(Aborted("service {} has changed since it was read: etag is {}, not {}",
                                              event.spec.id, service_.etag.empty() ? "(none)" : service_.etag,
                                              event.etag),
                                      "etag"),
                            "ETAG_MISMATCH"));
    return;
  }
  Adopt(event.spec, c);
  Audit("ApplyService",
        fmt::format("mode={} version={}", model::ModeName(event.spec.mode), event.spec.version), c);
  c.out.Put(service_);
  c.out.Answer(c.token, ports::ReplyValue(service_));
  if (phase_ == Phase::kIdle && VersionPending()) {
    Consider(std::nullopt, c);
  }
}

void ServiceMachine::Adopt(const model::ServiceSpec& spec, Context& c) {
  const bool fresh = phase_ == Phase::kNew;
  const model::ServiceSpec before = service_.spec;
  service_.spec = spec;
  service_.update_time = c.now.wall;
  service_.etag = fmt::format("{}", intents_.NextNumber(c.out));
  last_answer_.reset();
  if (before.bounds.max != spec.bounds.max || before.slo != spec.slo) {
    refused_version_.clear();  // it was refused within the old ones
  }
  if (fresh) {
    service_.create_time = c.now.wall;
    phase_ = Phase::kIdle;
  }
  if (fresh || before.forecast != spec.forecast || before.triggers != spec.triggers ||
      cost::CoverageOf(before) != cost::CoverageOf(spec)) {
    demand_.emplace(spec);
    demand_->SetReach(Reach());
  }
  if (trial_ && (trial_->version() != ProductionVersion() && trial_->version() != IdentityOf(spec))) {
    Supersede("the service was changed", c);
  }
  if ((spec.Observed() || before.Observed()) && (fresh || before != spec)) {
    c.out.Do(ports::ObserveProduction{spec, demand_->newest()});
  }
  FollowSpec(c);
}

// What the spec alone asks of production, without a decision: the first start, also that of a mended spec
// where the one before it never came up, and bounds that have moved. A freeze holds all of it back until it
// ends.
void ServiceMachine::FollowSpec(Context& c) {
  const model::ServiceSpec& spec = service_.spec;
  if (spec.mode != Mode::kAct || service_.deleting) {
    return;
  }
  if (service_.rollout_version.empty() || NeverCameUp()) {
    if (c.host.frozen()) {
      c.out.Log("first_start=waits cause=\"frozen: {}\"", c.host.frozen_reason());
      return;
    }
    // Nothing runs yet, so there is nothing to test and nobody to protect.
    service_.rollout_version = IdentityOf(spec);
    service_.rollout_instance = spec.instance;
    service_.target = std::clamp(service_.target, spec.bounds.min, spec.bounds.max);
    phase_ = Phase::kApplying;
    c.out.Log("to=APPLYING replicas={} version={} cause=first_start", service_.target,
              service_.rollout_version);
  } else if (phase_ == Phase::kTrialling) {
    return;
  } else if (const int wanted = std::clamp(service_.target, spec.bounds.min, spec.bounds.max);
             wanted != service_.target && !c.host.frozen()) {
    c.out.Log("to=APPLYING replicas={} cause=bounds_changed", wanted);
    service_.target = wanted;
    phase_ = Phase::kApplying;
  }
  Produce(c);
}

void ServiceMachine::Handle(const ports::DeleteService& event, Context& c) {
  (void)event;
  if (trial_) {
    EndTrial(model::TrialState::kCancelled, "the service is deleted", c);
  }
  if (decision_) {
    FinishDecision(model::DecisionState::kSuperseded, c);
  }
  AnswerWaiting(Aborted("service {} is deleted", service_.spec.id), c);
  c.out.Log("from={} to=DELETING", PhaseName(phase_));
  phase_ = Phase::kDeleting;
  service_.deleting = true;
  service_.update_time = c.now.wall;
  Audit("DeleteService", "", c);
  c.out.Put(service_);
  c.out.Do(ports::StopObserving{});
  Produce(c);
  c.out.Answer(c.token, ports::ReplyValue(service_));
}

// Why a caller's question cannot be tested now, for whatever it asks.
Status ServiceMachine::WhyNotAsked(const Context& c) const {
  if (service_.spec.mode == Mode::kObserve) {
    return WithReason(
        FailedPrecondition("service {} is in mode OBSERVE: nothing is tested", service_.spec.id),
        "MODE_OBSERVE");
  }
  if (c.host.frozen()) {
    return WithReason(FailedPrecondition("the host is frozen: {}", c.host.frozen_reason()), "FROZEN");
  }
  if (Current() <= 0 || !demand_->known()) {
    return WithReason(
        FailedPrecondition("nothing is known of production of {} yet: no demand or no serving replica",
                           service_.spec.id),
        "NO_DATA");
  }
  return absl::OkStatus();
}

void ServiceMachine::AnswerWithDecision(Context& c) {
  const model::Decision* made = decision_        ? &*decision_
                                : advised_       ? &*advised_
                                : last_finished_ ? &*last_finished_
                                                 : nullptr;
  if (made != nullptr) {
    c.out.Answer(c.token, ports::ReplyValue(*made));
  }
}

void ServiceMachine::Handle(const ports::ProposeScaling& event, Context& c) {
  const model::Bounds& bounds = service_.spec.bounds;
  if (service_.spec.mode != Mode::kObserve && (event.planned < bounds.min || event.planned > bounds.max)) {
    c.out.Answer(c.token,
                 WithReason(WithField(InvalidArgument("replicas must lie within the bounds {} to {}, not {}",
                                                      bounds.min, bounds.max, event.planned),
                                      "replicas"),
                            "OUT_OF_BOUNDS"));
    return;
  }
  if (Status why = WhyNotAsked(c); !why.ok()) {
    c.out.Answer(c.token, std::move(why));
    return;
  }
  Audit("ProposeScaling", fmt::format("replicas={}", event.planned), c);
  if (trial_ && decision_) {
    const auto& arms = trial_->trial().arms;
    const bool covered = std::any_of(arms.begin(), arms.end(),
                                     [&](const model::Arm& arm) { return arm.level == event.planned; });
    if (covered) {  // many callers, one trial
      c.out.Answer(c.token, ports::ReplyValue(*decision_));
      return;
    }
    Supersede("a proposal that the trial does not cover", c);
  }
  Begin(ProposalTrigger(View(ProductionVersion(), c.now), event.planned, event.request_id),
        Urgency::kAfterTrial, c);
  AnswerWithDecision(c);
}

void ServiceMachine::Handle(const ports::RunNullTrial& event, Context& c) {
  Status why = WhyNotAsked(c);
  if (why.ok() && !Trials()) {
    why = WithReason(FailedPrecondition("the trial policy of service {} is NEVER", service_.spec.id),
                     "NO_TRIALS");
  }
  if (!why.ok()) {
    c.out.Answer(c.token, std::move(why));
    return;
  }
  Audit("RunNullTrial", "", c);
  Begin(CalibrationTrigger(View(ProductionVersion(), c.now), event.request_id), Urgency::kAfterTrial, c);
  AnswerWithDecision(c);
}

void ServiceMachine::Handle(const ports::CancelTrial& event, Context& c) {
  if (!trial_ || trial_->trial().id != event.trial) {
    c.out.Answer(c.token,
                 WithReason(FailedPrecondition("trial {} is not running", event.trial), "TRIAL_ENDED"));
    return;
  }
  Audit("CancelTrial", event.trial.str(), c);
  decision_->reason = "The trial was cancelled by a caller; nothing was changed.";
  decision_->kind = model::DecisionKind::kInconclusive;
  decision_->to = decision_->from;
  EndTrial(model::TrialState::kCancelled, "cancelled by a caller", c);
  const model::Trial cancelled = endings_.back().trial.trial();
  FinishDecision(model::DecisionState::kSuperseded, c);
  c.out.Answer(c.token, ports::ReplyValue(cancelled));
}

void ServiceMachine::Handle(const ports::TerminateShadow& event, Context& c) {
  const model::Shadow* shadow = trial_ ? trial_->shadows().Find(event.shadow) : nullptr;
  if (shadow == nullptr) {
    c.out.Answer(c.token, WithReason(NotFound("shadow {} does not run", event.shadow), "SHADOW_ENDED"));
    return;
  }
  Audit("TerminateShadow", event.shadow.str(), c);
  trial_->Terminate(event.shadow, intents_, c.now, c.out);
  c.out.Answer(c.token, ports::ReplyValue(*trial_->shadows().Find(event.shadow)));
}

void ServiceMachine::AnswerAdvised(const model::DecisionId& id, model::DecisionState state, Context& c) {
  if (!advised_ || advised_->id != id) {
    c.out.Answer(c.token, WithReason(FailedPrecondition("decision {} does not wait for an approval", id),
                                     "NOT_ADVISED"));
    return;
  }
  Audit(state == model::DecisionState::kApproved ? "ApproveDecision" : "RejectDecision", id.str(), c);
  advised_->state = state;
  c.out.Log("decision={} from=ADVISED to={}", id, model::DecisionStateName(state));
  c.out.Put(*advised_);
  c.out.Answer(c.token, ports::ReplyValue(*advised_));
  advised_.reset();
}

void ServiceMachine::Handle(const ports::ApproveDecision& event, Context& c) {
  AnswerAdvised(event.decision, model::DecisionState::kApproved, c);
}

void ServiceMachine::Handle(const ports::RejectDecision& event, Context& c) {
  AnswerAdvised(event.decision, model::DecisionState::kDeclined, c);
}

void ServiceMachine::Handle(const ports::Freeze& event, Context& c) {
  if (event.frozen && trial_) {
    decision_->reason = "The host was frozen; nothing was changed.";
    decision_->kind = model::DecisionKind::kInconclusive;
    decision_->to = decision_->from;
    decision_->gate_reason = fmt::format("frozen: {}", event.reason);
    EndTrial(model::TrialState::kCancelled, "the host was frozen", c);
    FinishDecision(model::DecisionState::kBlocked, c);
  }
  if (!event.frozen && phase_ == Phase::kIdle) {
    FollowSpec(c);
    c.out.Put(service_);
  }
}

}  // namespace shadowd::control
