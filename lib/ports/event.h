// Everything that can happen to the control core. The daemon makes events from RPCs, processes, sockets and
// timers; the simulator makes the same ones in virtual time. Events are values and arrive one at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "base/status.h"
#include "base/time.h"
#include "model/decision.h"
#include "model/forecast.h"
#include "model/ids.h"
#include "model/intent.h"
#include "model/kpi.h"
#include "model/learnt.h"
#include "model/replica.h"
#include "model/service.h"
#include "model/trial.h"

namespace shadowd::forecast {
struct Fit;
}

namespace shadowd::ports {

// Names the caller that waits; replies carry it back. 0 = nobody waits.
using ReplyToken = uint64_t;

// ---- From callers ----
struct ApplyService {  // create or replace
  model::ServiceSpec spec;
  std::string etag;  // "" = any
};
struct DeleteService {};
struct ProposeScaling {
  int planned = 0;
  std::string request_id;
};
struct Retrain {};
struct RunNullTrial {  // an A/A test of today's level
  std::string request_id;
};
struct RevertModel {  // to what this version knew
  model::ModelVersion version;
};
struct CancelTrial {
  model::TrialId trial;
};
struct TerminateShadow {
  model::ReplicaId shadow;
};
struct ApproveDecision {
  model::DecisionId decision;
};
struct RejectDecision {
  model::DecisionId decision;
};
struct Freeze {  // the kill switch, for the whole host
  bool frozen = true;
  std::string reason;
};
struct ImportHistory {  // past demand, ascending, and past capacity points
  std::vector<std::pair<WallTime, double>> demand_rps;
  std::vector<model::CapacityPoint> points;
};

// ---- From production ----
struct ReplicaKpi {
  model::ReplicaId replica;
  model::KpiWindow window;
};
// One step of the service as the balancer saw it, and of every instance.
struct ProductionWindow {
  model::KpiWindow service;  // offered = demand of the window
  std::vector<ReplicaKpi> instances;
  int serving = 0;                        // servers UP in the balancer
  std::vector<std::string> server_names;  // in the balancer, whatever their state
  bool complete = true;                   // false: part of the log was lost; latencies are then a sample
};
// Demand and KPIs pushed by ReportSamples, where shadowd does not read production itself.
struct DemandSample {
  WallTime at;
  double rps = 0;
};

// ---- From the shadows' side ----
struct ShadowWindow {
  model::ReplicaId shadow;
  model::KpiWindow window;
};

// ---- Results of effects ----
struct ReplicaStarted {
  model::IntentKey key;
  model::ReplicaId replica;
  model::ProcessIdentity process;
  std::string address;
};
struct ReplicaReady {
  model::ReplicaId replica;
};
struct ReplicaFailed {   // did not start, was never ready, or died by itself
  model::IntentKey key;  // empty when it died by itself
  model::ReplicaId replica;
  Status error;
};
struct ReplicaStopped {  // as asked
  model::IntentKey key;
  model::ReplicaId replica;
};
struct ServerChanged {  // an actuator effect ended
  model::IntentKey key;
  model::IntentKind kind = model::IntentKind::kAddServer;
  model::ReplicaId replica;
  Status result;
};
struct ForecastFitted {
  std::shared_ptr<const forecast::Fit> fit;
};

// ---- From the host and the loop ----
struct HostPressure {  // what the host guard measured
  double memory_available_bytes = 0;
  double cpu_some_avg10 = 0;  // PSI, per cent; < 0 = unknown
};

struct TimerFired {};

// What a restart brings back, before anything else happens to the service.
struct Restored {
  model::Service service;
  std::vector<model::Instance> instances;  // as stored; those alive are then reported by ReplicaAdopted
  std::vector<model::Shadow> shadows;
  std::vector<model::Trial> open_trials;
  std::vector<model::Decision> open_decisions;
  std::vector<model::Intent> pending_intents;
  std::vector<model::ModelVersion> models;  // newest last
  int next_sequence = 1;                    // for ids
  std::vector<std::pair<WallTime, double>> demand_rps;
};
// After Restored: the provider found this stored replica alive (or gone, when !alive).
struct ReplicaFound {
  model::ReplicaId replica;
  bool alive = false;
};

using Payload =
    std::variant<ApplyService, DeleteService, ProposeScaling, Retrain, CancelTrial, TerminateShadow,
                 ApproveDecision, RejectDecision, Freeze, ImportHistory, ProductionWindow, DemandSample,
                 ShadowWindow, ReplicaStarted, ReplicaReady, ReplicaFailed, ReplicaStopped, ServerChanged,
                 ForecastFitted, HostPressure, TimerFired, Restored, ReplicaFound, RunNullTrial, RevertModel>;

// A new version of the model is answered with when its fits are there.
inline bool MayBeAnsweredLater(const Payload& payload) {
  return std::holds_alternative<Retrain>(payload) || std::holds_alternative<RevertModel>(payload);
}

struct Event {
  model::ServiceId service;  // empty: for the host (Freeze, HostPressure, TimerFired)
  Payload payload;
  ReplyToken token = 0;
  std::string actor;  // who asked, for the audit
};

}  // namespace shadowd::ports
