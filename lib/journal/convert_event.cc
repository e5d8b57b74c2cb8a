#include "journal/convert_event.h"

#include "forecast/fit.h"
#include "journal/digest.h"
#include "rpc/convert_basic.h"
#include "rpc/convert_decision.h"
#include "rpc/convert_intent.h"
#include "rpc/convert_kpi.h"
#include "rpc/convert_model.h"
#include "rpc/convert_replica.h"
#include "rpc/convert_service.h"
#include "rpc/convert_trial.h"

namespace shadowd::journal {
namespace {

using Demand = std::vector<std::pair<WallTime, double>>;

// Differences wrap around: any two times have one.
void SeriesToProto(const Demand& demand, v1::JournalSeries* out) {
  uint64_t before = 0;
  for (const auto& [at, rps] : demand) {
    const auto now = static_cast<uint64_t>(ToMicros(at));
    out->add_time_delta_us(static_cast<int64_t>(now - before));
    out->add_rps(rps);
    before = now;
  }
}

StatusOr<Demand> SeriesFromProto(const v1::JournalSeries& in) {
  if (in.time_delta_us_size() != in.rps_size()) {
    return DataLoss("a series of {} times and {} values", in.time_delta_us_size(), in.rps_size());
  }
  Demand demand;
  demand.reserve(static_cast<size_t>(in.rps_size()));
  uint64_t at = 0;
  for (int i = 0; i < in.rps_size(); ++i) {
    at += static_cast<uint64_t>(in.time_delta_us(i));
    demand.emplace_back(WallFromMicros(static_cast<int64_t>(at)), in.rps(i));
  }
  return demand;
}

void ResultToProto(const model::IntentKey& key, const model::ReplicaId& replica, const Status& result,
                   v1::JournalEffectResult* out) {
  out->set_key(key.str());
  out->set_replica(replica.str());
  out->set_code(static_cast<int>(result.code()));
  out->set_message(MessageOf(result));
  out->set_reason(ReasonOf(result));
  out->set_field(FieldOf(result));
}

Status ReadResult(const v1::JournalEffectResult& in, Status& result) {
  const auto code = static_cast<absl::StatusCode>(in.code());
  if (in.code() < 0 || code > absl::StatusCode::kUnauthenticated) {
    return DataLoss("{} is no canonical code", in.code());
  }
  result = in.code() == 0 ? Status() : MakeStatus(code, in.message());
  if (!in.reason().empty()) {
    result = WithReason(std::move(result), in.reason());
  }
  if (!in.field().empty()) {
    result = WithField(std::move(result), in.field());
  }
  return absl::OkStatus();
}

void ReplicaKpiToProto(const model::ReplicaId& replica, const model::KpiWindow& window,
                       v1::JournalReplicaKpi* out) {
  out->set_replica(replica.str());
  rpc::ToProto(window, out->mutable_window());
}

template <typename List, typename Add>
void EachToProto(const List& list, Add add) {
  for (const auto& item : list) {
    rpc::ToProto(item, add());
  }
}

template <typename T, typename Repeated>
Status EachFromProto(const Repeated& in, std::vector<T>& out) {
  out.reserve(static_cast<size_t>(in.size()));
  for (const auto& item : in) {
    SHADOWD_ASSIGN_OR_RETURN(T read, rpc::FromProto(item));
    out.push_back(std::move(read));
  }
  return absl::OkStatus();
}

// ---- To the journal, one an event ----

void Write(const ports::ApplyService& event, v1::JournalStep* out) {
  rpc::ToProto(event.spec, out->mutable_apply_service()->mutable_spec());
  out->mutable_apply_service()->set_etag(event.etag);
}
void Write(const ports::DeleteService&, v1::JournalStep* out) {
  out->mutable_delete_service();
}
void Write(const ports::ProposeScaling& event, v1::JournalStep* out) {
  out->mutable_propose_scaling()->set_planned(event.planned);
  out->mutable_propose_scaling()->set_request_id(event.request_id);
}
void Write(const ports::Retrain&, v1::JournalStep* out) {
  out->mutable_retrain();
}
void Write(const ports::CancelTrial& event, v1::JournalStep* out) {
  out->set_cancel_trial(event.trial.str());
}
void Write(const ports::TerminateShadow& event, v1::JournalStep* out) {
  out->set_terminate_shadow(event.shadow.str());
}
void Write(const ports::ApproveDecision& event, v1::JournalStep* out) {
  out->set_approve_decision(event.decision.str());
}
void Write(const ports::RejectDecision& event, v1::JournalStep* out) {
  out->set_reject_decision(event.decision.str());
}
void Write(const ports::Freeze& event, v1::JournalStep* out) {
  out->mutable_freeze()->set_frozen(event.frozen);
  out->mutable_freeze()->set_reason(event.reason);
}
void Write(const ports::ImportHistory& event, v1::JournalStep* out) {
  v1::JournalHistory* history = out->mutable_import_history();
  SeriesToProto(event.demand_rps, history->mutable_demand());
  EachToProto(event.points, [&] { return history->add_points(); });
}
void Write(const ports::ProductionWindow& event, v1::JournalStep* out) {
  v1::JournalProduction* production = out->mutable_production_window();
  rpc::ToProto(event.service, production->mutable_service());
  for (const ports::ReplicaKpi& instance : event.instances) {
    ReplicaKpiToProto(instance.replica, instance.window, production->add_instances());
  }
  production->set_serving(event.serving);
  for (const std::string& name : event.server_names) {
    production->add_server_names(name);
  }
  production->set_complete(event.complete);
}
void Write(const ports::DemandSample& event, v1::JournalStep* out) {
  out->mutable_demand_sample()->set_time_us(ToMicros(event.at));
  out->mutable_demand_sample()->set_rps(event.rps);
}
void Write(const ports::ShadowWindow& event, v1::JournalStep* out) {
  ReplicaKpiToProto(event.shadow, event.window, out->mutable_shadow_window());
}
void Write(const ports::ReplicaStarted& event, v1::JournalStep* out) {
  v1::JournalReplicaStarted* started = out->mutable_replica_started();
  started->set_key(event.key.str());
  started->set_replica(event.replica.str());
  started->set_pid(event.process.pid);
  started->set_start_ticks(event.process.start_ticks);
  started->set_boot_id(event.process.boot_id);
  started->set_address(event.address);
}
void Write(const ports::ReplicaReady& event, v1::JournalStep* out) {
  out->set_replica_ready(event.replica.str());
}
void Write(const ports::ReplicaFailed& event, v1::JournalStep* out) {
  ResultToProto(event.key, event.replica, event.error, out->mutable_replica_failed());
}
void Write(const ports::ReplicaStopped& event, v1::JournalStep* out) {
  ResultToProto(event.key, event.replica, Status(), out->mutable_replica_stopped());
}
void Write(const ports::ServerChanged& event, v1::JournalStep* out) {
  ResultToProto(event.key, event.replica, event.result, out->mutable_server_changed());
  out->mutable_server_changed()->set_kind(rpc::EnumToProto<v1::Intent::Kind>(event.kind));
}
void Write(const ports::ForecastFitted& event, v1::JournalStep* out) {
  v1::JournalFitted* fitted = out->mutable_forecast_fitted();
  if (event.fit != nullptr) {
    fitted->set_version(event.fit->version);
    fitted->set_digest(DigestOf(*event.fit));
  }
}
void Write(const ports::HostPressure& event, v1::JournalStep* out) {
  out->mutable_host_pressure()->set_memory_available_bytes(event.memory_available_bytes);
  out->mutable_host_pressure()->set_cpu_some_avg10(event.cpu_some_avg10);
}
void Write(const ports::TimerFired&, v1::JournalStep* out) {
  out->mutable_timer_fired();
}
void Write(const ports::Restored& event, v1::JournalStep* out) {
  v1::JournalRestored* restored = out->mutable_restored();
  rpc::ToProto(event.service, restored->mutable_service());
  EachToProto(event.instances, [&] { return restored->add_instances(); });
  EachToProto(event.shadows, [&] { return restored->add_shadows(); });
  EachToProto(event.open_trials, [&] { return restored->add_open_trials(); });
  EachToProto(event.open_decisions, [&] { return restored->add_open_decisions(); });
  EachToProto(event.pending_intents, [&] { return restored->add_pending_intents(); });
  EachToProto(event.models, [&] { return restored->add_models(); });
  restored->set_next_sequence(event.next_sequence);
  SeriesToProto(event.demand_rps, restored->mutable_demand());
}
void Write(const ports::ReplicaFound& event, v1::JournalStep* out) {
  out->mutable_replica_found()->set_replica(event.replica.str());
  out->mutable_replica_found()->set_alive(event.alive);
}

void Write(const ports::RunNullTrial& event, v1::JournalStep* out) {
  out->set_run_null_trial(event.request_id);
}
void Write(const ports::RevertModel& event, v1::JournalStep* out) {
  rpc::ToProto(event.version, out->mutable_revert_model());
}

// ---- From the journal ----

StatusOr<ports::Payload> Read(const v1::JournalApply& in) {
  SHADOWD_ASSIGN_OR_RETURN(model::ServiceSpec spec, rpc::SpecFromProto(in.spec()));
  return ports::ApplyService{std::move(spec), in.etag()};
}

StatusOr<ports::Payload> Read(const v1::JournalHistory& in) {
  ports::ImportHistory history;
  SHADOWD_ASSIGN_OR_RETURN(history.demand_rps, SeriesFromProto(in.demand()));
  SHADOWD_RETURN_IF_ERROR(EachFromProto(in.points(), history.points));
  return history;
}

StatusOr<ports::Payload> Read(const v1::JournalProduction& in) {
  ports::ProductionWindow production;
  SHADOWD_ASSIGN_OR_RETURN(production.service, rpc::FromProto(in.service()));
  for (const v1::JournalReplicaKpi& instance : in.instances()) {
    SHADOWD_ASSIGN_OR_RETURN(model::KpiWindow window, rpc::FromProto(instance.window()));
    production.instances.push_back({model::ReplicaId(instance.replica()), std::move(window)});
  }
  production.serving = in.serving();
  production.server_names.assign(in.server_names().begin(), in.server_names().end());
  production.complete = in.complete();
  return production;
}

StatusOr<ports::Payload> Read(const v1::JournalReplicaKpi& in) {
  SHADOWD_ASSIGN_OR_RETURN(model::KpiWindow window, rpc::FromProto(in.window()));
  return ports::ShadowWindow{model::ReplicaId(in.replica()), std::move(window)};
}

StatusOr<ports::Payload> Read(const v1::JournalReplicaStarted& in) {
  ports::ReplicaStarted started;
  started.key = model::IntentKey(in.key());
  started.replica = model::ReplicaId(in.replica());
  started.process.pid = in.pid();
  started.process.start_ticks = in.start_ticks();
  started.process.boot_id = in.boot_id();
  started.address = in.address();
  return started;
}

StatusOr<ports::Payload> ReadFailed(const v1::JournalEffectResult& in) {
  Status error;
  SHADOWD_RETURN_IF_ERROR(ReadResult(in, error));
  return ports::ReplicaFailed{model::IntentKey(in.key()), model::ReplicaId(in.replica()), std::move(error)};
}

StatusOr<ports::Payload> ReadServer(const v1::JournalEffectResult& in) {
  ports::ServerChanged changed;
  changed.key = model::IntentKey(in.key());
  changed.replica = model::ReplicaId(in.replica());
  SHADOWD_RETURN_IF_ERROR(rpc::ReadEnum(in.kind(), "kind", changed.kind));
  SHADOWD_RETURN_IF_ERROR(ReadResult(in, changed.result));
  return changed;
}

StatusOr<ports::Payload> Read(const v1::JournalRestored& in) {
  ports::Restored restored;
  SHADOWD_ASSIGN_OR_RETURN(restored.service, rpc::FromProto(in.service()));
  SHADOWD_RETURN_IF_ERROR(EachFromProto(in.instances(), restored.instances));
  SHADOWD_RETURN_IF_ERROR(EachFromProto(in.shadows(), restored.shadows));
  SHADOWD_RETURN_IF_ERROR(EachFromProto(in.open_trials(), restored.open_trials));
  SHADOWD_RETURN_IF_ERROR(EachFromProto(in.open_decisions(), restored.open_decisions));
  SHADOWD_RETURN_IF_ERROR(EachFromProto(in.pending_intents(), restored.pending_intents));
  SHADOWD_RETURN_IF_ERROR(EachFromProto(in.models(), restored.models));
  restored.next_sequence = in.next_sequence();
  SHADOWD_ASSIGN_OR_RETURN(restored.demand_rps, SeriesFromProto(in.demand()));
  return restored;
}

StatusOr<ports::Payload> Read(const v1::Model& in) {
  SHADOWD_ASSIGN_OR_RETURN(model::ModelVersion version, rpc::FromProto(in));
  return ports::RevertModel{std::move(version)};
}

StatusOr<ports::Payload> PayloadFromProto(const v1::JournalStep& in) {
  switch (in.event_case()) {
    case v1::JournalStep::kApplyService:
      return Read(in.apply_service());
    case v1::JournalStep::kDeleteService:
      return ports::DeleteService{};
    case v1::JournalStep::kProposeScaling:
      return ports::ProposeScaling{in.propose_scaling().planned(), in.propose_scaling().request_id()};
    case v1::JournalStep::kRetrain:
      return ports::Retrain{};
    case v1::JournalStep::kCancelTrial:
      return ports::CancelTrial{model::TrialId(in.cancel_trial())};
    case v1::JournalStep::kTerminateShadow:
      return ports::TerminateShadow{model::ReplicaId(in.terminate_shadow())};
    case v1::JournalStep::kApproveDecision:
      return ports::ApproveDecision{model::DecisionId(in.approve_decision())};
    case v1::JournalStep::kRejectDecision:
      return ports::RejectDecision{model::DecisionId(in.reject_decision())};
    case v1::JournalStep::kFreeze:
      return ports::Freeze{in.freeze().frozen(), in.freeze().reason()};
    case v1::JournalStep::kImportHistory:
      return Read(in.import_history());
    case v1::JournalStep::kProductionWindow:
      return Read(in.production_window());
    case v1::JournalStep::kDemandSample:
      return ports::DemandSample{WallFromMicros(in.demand_sample().time_us()), in.demand_sample().rps()};
    case v1::JournalStep::kShadowWindow:
      return Read(in.shadow_window());
    case v1::JournalStep::kReplicaStarted:
      return Read(in.replica_started());
    case v1::JournalStep::kReplicaReady:
      return ports::ReplicaReady{model::ReplicaId(in.replica_ready())};
    case v1::JournalStep::kReplicaFailed:
      return ReadFailed(in.replica_failed());
    case v1::JournalStep::kReplicaStopped:
      return ports::ReplicaStopped{model::IntentKey(in.replica_stopped().key()),
                                   model::ReplicaId(in.replica_stopped().replica())};
    case v1::JournalStep::kServerChanged:
      return ReadServer(in.server_changed());
    case v1::JournalStep::kForecastFitted:
      return ports::ForecastFitted{};
    case v1::JournalStep::kHostPressure:
      return ports::HostPressure{in.host_pressure().memory_available_bytes(),
                                 in.host_pressure().cpu_some_avg10()};
    case v1::JournalStep::kTimerFired:
      return ports::TimerFired{};
    case v1::JournalStep::kRestored:
      return Read(in.restored());
    case v1::JournalStep::kReplicaFound:
      return ports::ReplicaFound{model::ReplicaId(in.replica_found().replica()), in.replica_found().alive()};
    case v1::JournalStep::kRunNullTrial:
      return ports::RunNullTrial{in.run_null_trial()};
    case v1::JournalStep::kRevertModel:
      return Read(in.revert_model());
    case v1::JournalStep::EVENT_NOT_SET:
      break;
  }
  return DataLoss("a step without an event that this version knows");
}

}  // namespace

void ToProto(const ports::Event& event, v1::JournalStep* out) {
  out->set_service(event.service.str());
  out->set_token(event.token);
  out->set_actor(event.actor);
  std::visit([out](const auto& payload) { Write(payload, out); }, event.payload);
}

StatusOr<ports::Event> FromProto(const v1::JournalStep& in) {
  SHADOWD_ASSIGN_OR_RETURN(ports::Payload payload, PayloadFromProto(in));
  return ports::Event{model::ServiceId(in.service()), std::move(payload), in.token(), in.actor()};
}

}  // namespace shadowd::journal
