#include "random_model.h"

#include <cmath>
#include <limits>

namespace shadowd::rpc {
namespace {

int Int(Rng& rng) {
  switch (rng.Below(4)) {
    case 0:
      return std::numeric_limits<int>::max();
    case 1:
      return std::numeric_limits<int>::min();
    case 2:
      return 0;
    default:
      return static_cast<int>(rng.Below(10'000));
  }
}

uint64_t Unsigned(Rng& rng) {
  return rng.Below(3) == 0 ? std::numeric_limits<uint64_t>::max() : rng.Below(1'000'000);
}

double Real(Rng& rng) {
  switch (rng.Below(5)) {
    case 0:
      return 0;
    case 1:
      return std::numeric_limits<double>::max();
    case 2:
      return -std::numeric_limits<double>::denorm_min();
    case 3:
      return std::numeric_limits<double>::infinity();
    default:
      return rng.Normal() * 1e3;
  }
}

double Known(Rng& rng) {
  return rng.Below(2) == 0 ? -1 : std::fabs(rng.Normal()) * 1e4;
}  // -1 = unknown

bool Bool(Rng& rng) {
  return rng.Below(2) == 0;
}

Micros Length(Rng& rng) {
  switch (rng.Below(4)) {
    case 0:
      return Micros::max();
    case 1:
      return Micros::min();
    default:
      return Micros(static_cast<int64_t>(rng.Below(1u << 30)));
  }
}

WallTime At(Rng& rng) {
  switch (rng.Below(5)) {
    case 0:
      return WallTime::max();
    case 1:
      return WallTime::min();
    case 2:
      return WallTime();
    default:
      return WallFromMicros(1'700'000'000'000'000 + static_cast<int64_t>(rng.Next() >> 20));
  }
}

std::string Text(Rng& rng) {
  static const std::vector<std::string> kTexts = {"",
                                                  "x",
                                                  "p95 <= 100 ms: 93.1 \xc2\xb1 2",
                                                  "a\nb\t\"c\"",
                                                  std::string("zero\0inside", 11),
                                                  std::string(3000, 'y')};
  return kTexts[rng.Below(kTexts.size())];
}

template <typename Enum>
Enum Any(Rng& rng, Enum last) {
  return static_cast<Enum>(rng.Below(static_cast<uint64_t>(last) + 1));
}

template <typename Make>
auto Some(Rng& rng, Make make) {
  std::vector<decltype(make())> values;
  for (uint64_t n = rng.Below(4); n > 0; --n) {
    values.push_back(make());
  }
  return values;
}

template <typename Id>
Id AnyId(Rng& rng, const char* prefix) {
  return Id(prefix + std::to_string(rng.Below(1'000'000)));
}

model::ServiceId AnyService(Rng& rng) {
  return rng.Below(4) == 0 ? model::ServiceId(std::string(63, 'a')) : AnyId<model::ServiceId>(rng, "web");
}

std::map<std::string, std::string> Environment(Rng& rng) {
  std::map<std::string, std::string> environment;
  for (uint64_t n = rng.Below(4); n > 0; --n) {
    environment["NAME_" + std::to_string(n)] = Text(rng);
  }
  return environment;
}

model::InstanceTemplate Template(Rng& rng) {
  model::InstanceTemplate value;
  value.argv = Some(rng, [&] { return Text(rng); });
  value.environment = Environment(rng);
  value.working_dir = Text(rng);
  value.address = Text(rng);
  value.port_first = Int(rng);
  value.port_last = Int(rng);
  value.readiness = {Text(rng), Length(rng), Length(rng)};
  value.stop_grace = Length(rng);
  value.output_bytes_max = Unsigned(rng);
  return value;
}

model::ShadowSpec Shadows(Rng& rng) {
  model::ShadowSpec value;
  value.levels = Some(rng, [&] { return Int(rng); });
  value.levels_auto_max = Int(rng);
  value.shadows_per_level = Int(rng);
  value.null_arm = Bool(rng);
  value.max_shadows = Int(rng);
  value.ttl = Length(rng);
  value.idle_timeout = Length(rng);
  value.lease = Length(rng);
  value.shadow_class = {Bool(rng), Some(rng, [&] { return Int(rng); }), Unsigned(rng), Environment(rng),
                        Some(rng, [&] { return Text(rng); })};
  return value;
}

model::ServiceSpec Spec(Rng& rng) {
  model::ServiceSpec spec;
  spec.id = AnyService(rng);
  spec.mode = Any(rng, model::Mode::kAct);
  spec.version = Text(rng);
  spec.balancing = Any(rng, model::Balancing::kLeastConn);
  spec.instance = Bool(rng) ? Template(rng) : model::InstanceTemplate();
  spec.bounds = {Int(rng), Int(rng), Int(rng), Int(rng), Length(rng), Length(rng)};
  spec.slo = {Real(rng), Length(rng), Real(rng)};
  spec.forecast = {Length(rng), Some(rng, [&] { return Int(rng); }), Int(rng), Real(rng), Length(rng)};
  spec.triggers = {Real(rng), Int(rng), Int(rng), Length(rng), Unsigned(rng)};
  spec.shadows = Shadows(rng);
  spec.trial = {Any(rng, model::TrialPolicy::kNever),
                Length(rng),
                Length(rng),
                Real(rng),
                Real(rng),
                Real(rng),
                Length(rng)};
  spec.haproxy = {Text(rng), Text(rng), Text(rng), Bool(rng)};
  spec.mirror = {Text(rng), Int(rng), Real(rng), {"GET", "POST"}, Text(rng)};
  spec.load = {Bool(rng), Real(rng), {"/a", "/b?c=d"}};
  spec.prices = {Text(rng), Real(rng), Real(rng), Real(rng)};
  spec.lead_time_prior = Length(rng);
  return spec;
}

model::Interval AnyInterval(Rng& rng) {
  return {Real(rng), Real(rng), Real(rng)};
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
  return {Any(rng, model::TriggerKind::kEmergency),
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
                      Bool(rng)};
  });
}

model::ProcessIdentity Process(Rng& rng) {
  return {Int(rng), Unsigned(rng), Text(rng)};
}

model::TrialId MaybeTrial(Rng& rng) {
  return Bool(rng) ? model::TrialId() : AnyId<model::TrialId>(rng, "web-t");
}

}  // namespace

model::Service RandomService(Rng& rng) {
  return {Spec(rng),
          At(rng),
          At(rng),
          Text(rng),
          Int(rng),
          Text(rng),
          Bool(rng) ? Template(rng) : model::InstanceTemplate(),
          Bool(rng)};
}

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
      version.learnt.errors[model::KpiName(kpi)] = Some(rng, [&] { return Real(rng); });
      version.learnt.tolerances[model::KpiName(kpi)] = Real(rng);
    }
  }
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
