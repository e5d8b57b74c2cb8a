// Demand as it comes, the forecast made of it, fits asked for and taken up, and the model versions that
// follow from them.
#include <utility>

#include "control/service_machine.h"

namespace shadowd::control {
namespace {

constexpr size_t kWaitingMost = 16;  // callers for the next version

}  // namespace

// Within a long step only demand over its limit is news: what lies below it is planned for already.
bool ServiceMachine::BeyondForecast() const {
  const model::Forecast& forecast = demand_->forecast();
  return forecast.state == model::ForecastState::kReady && !forecast.steps.empty() &&
         demand_->present_rps() > forecast.steps.front().upper_rps;
}

void ServiceMachine::Handle(const ports::DemandSample& event, Context& c) {
  for (const DemandTracker::Step& step : demand_->AddSample(event.at, event.rps)) {
    OnStep(step, c);
  }
  c.out.Answer(c.token, ports::ReplyValue());
}

void ServiceMachine::OnStep(const DemandTracker::Step& step, Context& c) {
  c.out.Put(ports::DemandRecorded{step.at, step.rps});
  PutForecast(c);
  if (step.signal) {
    c.out.Log("signal={} side={} evidence=\"{}\"", model::TriggerKindName(step.signal->kind),
              step.signal->upper ? "upper" : "lower", step.signal->evidence);
    if (step.signal->kind == model::TriggerKind::kDrift) {
      version_due_ = version_due_.value_or(model::RetrainCause::kDrift);
      drift_ = step.signal;
    }
  }
  if (demand_->forecaster().WantsFit()) {
    RequestFit(c);
  }
  if (demand_->forecast().widening <= 1) {
    drift_.reset();  // learnt by now
  }
  Consider(drift_ ? drift_ : step.signal, c);
  demand_->SetReach(Reach());
  if (follow_up_ && follow_up_->Over(c.now.mono)) {
    EndFollowUp(c);
  }
}

void ServiceMachine::PutForecast(Context& c) {
  model::Forecast forecast = demand_->forecast();
  forecast.model_version = learner_.version_number();
  c.out.Put(std::move(forecast));
}

Micros ServiceMachine::Reach() const {
  return LeadTime() + TrialTime();
}

void ServiceMachine::AskForFit(Context& c) {
  fit_asked_ = fit_underway_;
  demand_->forecaster().AskForFit();
  RequestFit(c);
}

void ServiceMachine::RequestFit(Context& c) {
  if (!fit_underway_) {
    fit_underway_ = true;
    c.out.Do(ports::FitForecast{demand_->forecaster().CopyForFit()});
  }
}

void ServiceMachine::Handle(const ports::ForecastFitted& event, Context& c) {
  fit_underway_ = false;
  demand_->forecaster().Adopt(*event.fit);
  if (fit_asked_) {
    AskForFit(c);
  } else if (demand_->forecaster().WantsFit()) {  // the other scale
    RequestFit(c);
  } else if (version_due_) {
    MakeDueVersion(c);
  }
  if (demand_->Renew(c.now.wall)) {
    PutForecast(c);
  }
}

// The fits that a version waited for are there.
void ServiceMachine::MakeDueVersion(Context& c) {
  const model::RetrainCause cause = *std::exchange(version_due_, std::nullopt);
  const model::ModelVersion version =
      learner_.Retrain(cause, {}, CurveVersion(ProductionVersion()), {}, service_.spec.slo, c.now.wall);
  c.out.Log("model={} cause={} summary=\"{}\"", version.number, model::RetrainCauseName(cause),
            version.summary);
  AnswerWaiting(ports::ReplyValue(PutVersion(version, c)), c);
}

void ServiceMachine::AnswerWaiting(const StatusOr<ports::ReplyValue>& answer, Context& c) {
  for (const ports::ReplyToken token : std::exchange(version_waiting_, {})) {
    c.out.Answer(token, answer);
  }
}

// With the forecast models as they are now, so that a revert can take them up.
model::ModelVersion ServiceMachine::PutVersion(model::ModelVersion version, Context& c) {
  version.learnt.forecasts = demand_->forecaster().Kept();
  c.out.Put(version);
  return version;
}

bool ServiceMachine::WaitForVersion(Context& c) {
  if (version_waiting_.size() >= kWaitingMost) {
    c.out.Answer(c.token, WithReason(ResourceExhausted("{} callers wait for a model of service {} already",
                                                       version_waiting_.size(), service_.spec.id),
                                     "TOO_MANY_WAITING"));
    return false;
  }
  version_waiting_.push_back(c.token);
  return true;
}

void ServiceMachine::Handle(const ports::Retrain& event, Context& c) {
  (void)event;
  if (!WaitForVersion(c)) {
    return;
  }
  Audit("Retrain", "", c);
  version_due_ = model::RetrainCause::kRequested;
  AskForFit(c);
}

void ServiceMachine::Handle(const ports::RevertModel& event, Context& c) {
  if (!WaitForVersion(c)) {
    return;
  }
  Audit("RevertModel", fmt::format("model={}", event.version.number), c);
  learner_.Revert(event.version.learnt);
  measured_.Restore(learner_.measured());
  last_answer_.reset();
  version_due_ = model::RetrainCause::kReverted;
  if (event.version.learnt.forecasts.empty() || demand_->forecaster().observations() == 0) {
    MakeDueVersion(c);
    return;
  }
  demand_->forecaster().Revert(event.version.learnt.forecasts);
  fit_asked_ = false;
  RequestFit(c);
}

void ServiceMachine::Handle(const ports::ImportHistory& event, Context& c) {
  demand_->Import(event.demand_rps);
  for (const auto& [at, rps] : event.demand_rps) {
    c.out.Put(ports::DemandRecorded{at, rps});
  }
  std::vector<model::CapacityPoint> points = event.points;
  for (model::CapacityPoint& point : points) {
    if (point.version.empty()) {
      point.version = CurveVersion(ProductionVersion());
    }
  }
  if (!points.empty()) {
    PutVersion(learner_.Retrain(model::RetrainCause::kInitial, {}, CurveVersion(ProductionVersion()), points,
                                service_.spec.slo, c.now.wall),
               c);
  }
  AskForFit(c);
  Audit("ImportHistory", fmt::format("demand={} points={}", event.demand_rps.size(), points.size()), c);
  c.out.Answer(c.token, ports::ReplyValue(service_));
}

}  // namespace shadowd::control
