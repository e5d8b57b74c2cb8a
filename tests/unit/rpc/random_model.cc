#include "random_model.h"

#include <cmath>
#include <limits>

#include "random_value.h"

namespace shadowd::rpc {
namespace {

// Unknown one time in four.
model::Interval AnyInterval(Rng& rng) {
  return Bool(rng) && Bool(rng) ? model::Interval{-1, -1, -1}
                                : model::Interval{std::abs(Real(rng)), Real(rng), Real(rng)};
}

model::KpiPrediction Prediction(Rng& rng) {
  return {Real(rng),        AnyInterval(rng), AnyInterval(rng), AnyInterval(rng), AnyInterval(rng),
          AnyInterval(rng), AnyInterval(rng), AnyInterval(rng), Bool(rng),        Bool(rng)};
}

model::CapacityPoint Point(Rng& rng) {
  model::CapacityPoint point;
  point.at = At(rng);
  point.version = Text(rng);
  point.source = Any(rng, model::KpiSource::kSynthetic);
  point.instances = Int(rng);
  point.load_rps = Real(rng);
  point.requests = Real(rng);
  point.p50_us = Known(rng);
  point.p95_us = Known(rng);
  point.p99_us = Known(rng);
  point.throughput_ratio = Real(rng);
  point.error_rate = Real(rng);
  point.cpu_cores = Known(rng);
  point.memory_bytes = Known(rng);
  return point;
}

model::Trigger AnyTrigger(Rng& rng) {
  return {Any(rng, model::TriggerKind::kCalibration),
          At(rng),
          Int(rng),
          Int(rng),
          Real(rng),
          Real(rng),
          Text(rng),
          Text(rng),
          Text(rng)};
}

model::ArmVerdict Verdict(Rng& rng) {
  model::ArmVerdict verdict;
  verdict.model = Any(rng, model::ModelAxis::kOff);
  verdict.slo = Any(rng, model::SloAxis::kFails);
  verdict.cause = Any(rng, model::Cause::kExcessive);
  verdict.reason = Text(rng);
  verdict.kpis = Some(rng, [&] {
    return model::KpiDelta{Any(rng, model::KpiKind::kMemory),
                           Real(rng),
                           Real(rng),
                           Real(rng),
                           Real(rng),
                           Real(rng),
                           Any(rng, model::ModelAxis::kOff),
                           Any(rng, model::SloAxis::kFails)};
  });
  verdict.requests = Unsigned(rng);
  verdict.windows = Int(rng);
  verdict.windows_void = Int(rng);
  return verdict;
}

std::vector<model::Arm> Arms(Rng& rng) {
  return Some(rng, [&] {
    return model::Arm{Int(rng),
                      Any(rng, model::ArmRole::kControl),
                      Real(rng),
                      Prediction(rng),
                      Some(rng, [&] { return AnyId<model::ReplicaId>(rng, "web-s"); }),
                      Verdict(rng),
                      Bool(rng),
                      Prediction(rng)};
  });
}

model::ProcessIdentity Process(Rng& rng) {
  return {Int(rng), Unsigned(rng), Text(rng)};
}

model::FittedForecast Fitted(Rng& rng) {
  model::FittedForecast fitted;
  fitted.step = Length(rng);
  fitted.fit = Int(rng);
  fitted.logarithm = Bool(rng);
  fitted.floor = Real(rng);
  fitted.seasons = Some(rng, [&] { return Int(rng); });
  fitted.linear = Some(rng, [&] {
    return model::FittedForecast::Linear{
        Some(rng, [&] { return Int(rng); }),
        Some(rng,
             [&] {
               return model::FittedForecast::Linear::Mean{Int(rng), Int(rng), Int(rng), Int(rng)};
             }),
        Some(rng,
             [&] {
               return model::FittedForecast::Linear::Harmonics{Int(rng), Int(rng)};
             }),
        Real(rng), Some(rng, [&] { return Real(rng); })};
  });
  fitted.smoothing = Some(rng, [&] {
    return model::FittedForecast::Smoothing{
        Real(rng), Real(rng),
        Real(rng), Real(rng),
        Real(rng), Some(rng, [&] { return Some(rng, [&] { return static_cast<float>(Real(rng)); }); })};
  });
  fitted.errors = Some(rng, [&] { return Some(rng, [&] { return Real(rng); }); });
  fitted.sigma = Real(rng);
  fitted.mase = Real(rng);
  fitted.last_step = Int(rng);
  return fitted;
}

model::TrialId MaybeTrial(Rng& rng) {
  return Bool(rng) ? model::TrialId() : AnyId<model::TrialId>(rng, "web-t");
}

}  // namespace

model::Instance RandomInstance(Rng& rng) {
  return {AnyId<model::ReplicaId>(rng, "web-i"),
          AnyService(rng),
          Text(rng),
          Any(rng, model::ReplicaState::kFailed),
          Process(rng),
          Text(rng),
          At(rng),
          At(rng),
          Text(rng)};
}

model::Shadow RandomShadow(Rng& rng) {
  return {AnyId<model::ReplicaId>(rng, "web-s"),
          AnyService(rng),
          AnyId<model::TrialId>(rng, "web-t"),
          Int(rng),
          Text(rng),
          Any(rng, model::ReplicaState::kFailed),
          Process(rng),
          Text(rng),
          At(rng),
          At(rng),
          At(rng),
          At(rng),
          Text(rng)};
}

model::Trial RandomTrial(Rng& rng) {
  return {AnyId<model::TrialId>(rng, "web-t"),
          AnyService(rng),
          AnyTrigger(rng),
          Any(rng, model::TrialState::kInconclusive),
          Arms(rng),
          At(rng),
          At(rng),
          At(rng),
          Int(rng),
          Text(rng),
          Unsigned(rng),
          Unsigned(rng),
          Real(rng),
          Real(rng)};
}

model::Decision RandomDecision(Rng& rng) {
  model::Decision decision;
  decision.id = AnyId<model::DecisionId>(rng, "web-d");
  decision.service = AnyService(rng);
  decision.trial = MaybeTrial(rng);
  decision.trigger = AnyTrigger(rng);
  decision.kind = Any(rng, model::DecisionKind::kInconclusive);
  decision.state = Any(rng, model::DecisionState::kSuperseded);
  decision.from = Int(rng);
  decision.planned = Int(rng);
  decision.to = Int(rng);
  decision.version = Text(rng);
  decision.cause = Any(rng, model::Cause::kExcessive);
  decision.reason = Text(rng);
  decision.skip_reason = Text(rng);
  decision.gate_reason = Text(rng);
  decision.arms = Arms(rng);
  decision.create_time = At(rng);
  decision.decide_time = At(rng);
  decision.applied_time = At(rng);
  decision.lead_seconds = Real(rng);
  decision.trial_cost = Real(rng);
  decision.worth = Real(rng);
  decision.outcome = Any(rng, model::DecisionOutcome::kFalseReject);
  decision.outcome_reason = Text(rng);
  return decision;
}

model::ModelVersion RandomModelVersion(Rng& rng) {
  model::ModelVersion version;
  version.service = AnyService(rng);
  version.number = static_cast<int>(rng.Below(std::numeric_limits<int>::max()));
  version.create_time = At(rng);
  version.cause = Any(rng, model::RetrainCause::kReverted);
  version.trial = MaybeTrial(rng);
  version.learnt.points = Some(rng, [&] { return Point(rng); });
  version.learnt.start_seconds = Some(rng, [&] { return Real(rng); });
  version.learnt.trial_seconds = Some(rng, [&] { return Real(rng); });
  for (const model::KpiKind kpi : model::kAllKpis) {
    if (Bool(rng)) {
      version.learnt.trackers[model::KpiName(kpi)] = {Some(rng, [&] { return Real(rng); }),
                                                      Some(rng, [&] { return Real(rng); }), Real(rng),
                                                      Int(rng), Int(rng)};
      version.learnt.tolerances[model::KpiName(kpi)] = Real(rng);
    }
  }
  version.learnt.forecasts = Some(rng, [&] { return Fitted(rng); });
  version.learnt.measured = Some(rng, [&] {
    return model::MeasuredLevel{Text(rng), Real(rng), At(rng), Verdict(rng)};
  });
  version.learnt.outcomes = {Int(rng), Int(rng), Int(rng)};
  version.learnt.plans = Int(rng);
  version.learnt.plans_wrong = Int(rng);
  version.learnt.spendings = Some(rng, [&] { return model::Spending{At(rng), Real(rng)}; });
  version.error_before = Real(rng);
  version.error_after = Real(rng);
  version.summary = Text(rng);
  return version;
}

model::LedgerEntry RandomLedgerEntry(Rng& rng) {
  return {AnyService(rng), AnyId<model::DecisionId>(rng, "web-d"),
          MaybeTrial(rng), At(rng),
          Text(rng),       Real(rng),
          Real(rng),       Real(rng),
          Real(rng),       Real(rng),
          Real(rng),       Text(rng),
          Real(rng),       Text(rng)};
}

model::Intent RandomIntent(Rng& rng) {
  return {AnyId<model::IntentKey>(rng, "k"),
          AnyService(rng),
          Any(rng, model::IntentKind::kRemoveServer),
          AnyId<model::ReplicaId>(rng, "web-i"),
          Any(rng, model::IntentState::kFailed),
          At(rng),
          At(rng),
          Text(rng)};
}

model::AuditEntry RandomAuditEntry(Rng& rng) {
  return {At(rng), Text(rng), Text(rng), Text(rng), Text(rng)};
}

model::Forecast RandomForecast(Rng& rng) {
  model::Forecast forecast;
  forecast.service = AnyService(rng);
  forecast.made_at = At(rng);
  forecast.step = Length(rng);
  forecast.steps = Some(rng, [&] { return model::ForecastStep{At(rng), Real(rng), Real(rng), Real(rng)}; });
  forecast.state = Any(rng, model::ForecastState::kDegraded);
  forecast.degraded_reason = Text(rng);
  forecast.coverage_target = Real(rng);
  forecast.coverage_so_far = Real(rng);
  forecast.coverage_samples = Int(rng);
  forecast.mase = Real(rng);
  forecast.k_upper = Real(rng);
  forecast.k_lower = Real(rng);
  forecast.sigma_rps = Real(rng);
  forecast.model_version = Int(rng);
  forecast.last_observed_rps = Real(rng);
  forecast.peak = {Length(rng), Real(rng), Real(rng), Real(rng), Int(rng)};
  forecast.blocks = Some(rng, [&] {
    return model::ForecastBlock{Int(rng),  Int(rng),  Int(rng),  Real(rng),
                                Real(rng), Real(rng), Real(rng), Real(rng)};
  });
  forecast.scales = Some(rng, [&] {
    return model::ForecastScale{Length(rng),
                                Int(rng),
                                Some(rng, [&] { return Length(rng); }),
                                Bool(rng),
                                Some(rng,
                                     [&] {
                                       return model::ForecastScale::Member{Text(rng), Real(rng)};
                                     }),
                                Real(rng),
                                Int(rng)};
  });
  forecast.widening = Real(rng);
  return forecast;
}

model::KpiWindow RandomWindow(Rng& rng) {
  model::KpiWindow window;
  window.start = At(rng);
  window.length = Length(rng);
  window.offered = Unsigned(rng);
  window.completed = Unsigned(rng);
  window.errors = Unsigned(rng);
  window.latency_us = Some(rng, [&] { return static_cast<uint32_t>(rng.Next()); });
  window.cpu_seconds = Known(rng);
  window.memory_bytes = Known(rng);
  window.run_delay_seconds = Real(rng);
  window.throttled_periods = Unsigned(rng);
  window.send_lag_p99_us = Real(rng);
  window.mirrored = Unsigned(rng);
  window.synthetic = Unsigned(rng);
  return window;
}

}  // namespace shadowd::rpc
