#include "sample_events.h"

#include <cmath>
#include <limits>

#include "forecast/fit.h"
#include "unit/rpc/random_model.h"

namespace shadowd::journal {
namespace {

using namespace ports;

// Not UTF-8, and with a zero inside.
const std::string kBytes("a\xff\0b", 4);
constexpr double kOdd = 0.1 + 0.2;  // no short decimal

const std::vector<std::pair<WallTime, double>> kDemand = {
    {WallTime::min(), -kOdd},
    {WallFromMicros(1'700'000'000'000'001), std::numeric_limits<double>::denorm_min()},
    {WallTime::max(), 1e308}};

model::CapacityPoint Point() {
  model::CapacityPoint point;
  point.at = WallFromMicros(5);
  point.version = "2~9f";
  point.source = model::KpiSource::kSynthetic;
  point.instances = 3;
  point.load_rps = kOdd;
  point.requests = 7;
  point.p50_us = 1;
  point.p95_us = 2;
  point.p99_us = 3;
  point.throughput_ratio = 0.9;
  point.error_rate = 0.01;
  point.cpu_cores = 0.5;
  point.memory_bytes = 1e6;
  return point;
}

Restored Stored(Rng& rng) {
  Restored restored;
  restored.service = rpc::RandomService(rng);
  restored.instances = {rpc::RandomInstance(rng), rpc::RandomInstance(rng)};
  restored.shadows = {rpc::RandomShadow(rng)};
  restored.open_trials = {rpc::RandomTrial(rng)};
  restored.open_decisions = {rpc::RandomDecision(rng)};
  restored.pending_intents = {rpc::RandomIntent(rng)};
  restored.models = {rpc::RandomModelVersion(rng), rpc::RandomModelVersion(rng)};
  restored.next_sequence = 12;
  restored.demand_rps = kDemand;
  return restored;
}

std::vector<Payload> Payloads(Rng& rng) {
  const model::IntentKey key("web-k1");
  const model::ReplicaId replica("web-i1");
  const Status error = WithField(WithReason(Unavailable("died: {}", kBytes), "DIED"), "template.argv");
  auto fit = std::make_shared<forecast::Fit>();
  fit->version = 4;
  ReplicaStarted started;
  started.key = key;
  started.replica = replica;
  started.process.pid = 42;
  started.process.start_ticks = 43;
  started.process.boot_id = kBytes;
  started.address = "127.0.0.1:9000";
  return {
      ApplyService{rpc::RandomService(rng).spec, "etag\xfe"},
      DeleteService{},
      ProposeScaling{-7, kBytes},
      Retrain{},
      CancelTrial{model::TrialId("web-t1")},
      TerminateShadow{model::ReplicaId("web-t1-a0-s0")},
      ApproveDecision{model::DecisionId("web-d1")},
      RejectDecision{model::DecisionId("web-d2")},
      Freeze{false, kBytes},
      ImportHistory{kDemand, {Point()}},
      ProductionWindow{rpc::RandomWindow(rng), {{replica, rpc::RandomWindow(rng)}}, 3, {"a", kBytes}, false},
      DemandSample{WallTime::min(), kOdd},
      ShadowWindow{replica, rpc::RandomWindow(rng)},
      started,
      ReplicaReady{replica},
      ReplicaFailed{key, replica, error},
      ReplicaStopped{key, replica},
      ServerChanged{key, model::IntentKind::kDrainServer, replica, error},
      ForecastFitted{std::move(fit)},
      HostPressure{kOdd * 1e9, -1},
      TimerFired{},
      Stored(rng),
      ReplicaFound{replica, true},
      RunNullTrial{"req-8"},
      RevertModel{rpc::RandomModelVersion(rng)}};
}

bool Equal(const model::IntentKey& a, const model::IntentKey& b) {
  return a == b;
}

// ---- Of each kind, all members ----

bool Equal(const ApplyService& a, const ApplyService& b) {
  return a.spec == b.spec && a.etag == b.etag;
}
bool Equal(const ProposeScaling& a, const ProposeScaling& b) {
  return a.planned == b.planned && a.request_id == b.request_id;
}
bool Equal(const CancelTrial& a, const CancelTrial& b) {
  return a.trial == b.trial;
}
bool Equal(const TerminateShadow& a, const TerminateShadow& b) {
  return a.shadow == b.shadow;
}
bool Equal(const ApproveDecision& a, const ApproveDecision& b) {
  return a.decision == b.decision;
}
bool Equal(const RejectDecision& a, const RejectDecision& b) {
  return a.decision == b.decision;
}
bool Equal(const Freeze& a, const Freeze& b) {
  return a.frozen == b.frozen && a.reason == b.reason;
}
bool Equal(const ImportHistory& a, const ImportHistory& b) {
  return a.demand_rps == b.demand_rps && a.points == b.points;
}
bool Equal(const ProductionWindow& a, const ProductionWindow& b) {
  if (a.instances.size() != b.instances.size()) {
    return false;
  }
  for (size_t i = 0; i < a.instances.size(); ++i) {
    if (a.instances[i].replica != b.instances[i].replica || a.instances[i].window != b.instances[i].window) {
      return false;
    }
  }
  return a.service == b.service && a.serving == b.serving && a.server_names == b.server_names &&
         a.complete == b.complete;
}
bool Equal(const DemandSample& a, const DemandSample& b) {
  return a.at == b.at && a.rps == b.rps;
}
bool Equal(const ShadowWindow& a, const ShadowWindow& b) {
  return a.shadow == b.shadow && a.window == b.window;
}
bool Equal(const ReplicaStarted& a, const ReplicaStarted& b) {
  return Equal(a.key, b.key) && a.replica == b.replica && a.process == b.process && a.address == b.address;
}
bool Equal(const ReplicaReady& a, const ReplicaReady& b) {
  return a.replica == b.replica;
}
bool Equal(const ReplicaFailed& a, const ReplicaFailed& b) {
  return Equal(a.key, b.key) && a.replica == b.replica && a.error == b.error;
}
bool Equal(const ReplicaStopped& a, const ReplicaStopped& b) {
  return Equal(a.key, b.key) && a.replica == b.replica;
}
bool Equal(const ServerChanged& a, const ServerChanged& b) {
  return Equal(a.key, b.key) && a.kind == b.kind && a.replica == b.replica && a.result == b.result;
}
bool Equal(const HostPressure& a, const HostPressure& b) {
  return a.memory_available_bytes == b.memory_available_bytes && a.cpu_some_avg10 == b.cpu_some_avg10;
}
bool Equal(const Restored& a, const Restored& b) {
  return a.service == b.service && a.instances == b.instances && a.shadows == b.shadows &&
         a.open_trials == b.open_trials && a.open_decisions == b.open_decisions &&
         a.pending_intents == b.pending_intents && a.models == b.models &&
         a.next_sequence == b.next_sequence && a.demand_rps == b.demand_rps;
}
bool Equal(const ReplicaFound& a, const ReplicaFound& b) {
  return a.replica == b.replica && a.alive == b.alive;
}
bool Equal(const RunNullTrial& a, const RunNullTrial& b) {
  return a.request_id == b.request_id;
}
bool Equal(const RevertModel& a, const RevertModel& b) {
  return a.version == b.version;
}
bool Equal(const DeleteService&, const DeleteService&) {
  return true;
}
bool Equal(const Retrain&, const Retrain&) {
  return true;
}
bool Equal(const TimerFired&, const TimerFired&) {
  return true;
}
bool Equal(const ForecastFitted&, const ForecastFitted&) {
  return true;
}

}  // namespace

std::vector<Event> SampleEvents(uint64_t seed) {
  Rng rng(seed);
  std::vector<Event> events;
  for (Payload& payload : Payloads(rng)) {
    events.push_back({model::ServiceId("web"), std::move(payload), 99, kBytes});
  }
  return events;
}

bool Same(const Payload& a, const Payload& b) {
  if (a.index() != b.index()) {
    return false;
  }
  return std::visit([&b](const auto& left) { return Equal(left, std::get<std::decay_t<decltype(left)>>(b)); },
                    a);
}

}  // namespace shadowd::journal
