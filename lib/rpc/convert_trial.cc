#include "rpc/convert_trial.h"

#include "rpc/convert_basic.h"
#include "rpc/convert_kpi.h"
#include "rpc/resource_name.h"

namespace shadowd::rpc {
namespace {

void DeltaToProto(const model::KpiDelta& delta, v1::KpiDelta* out) {
  out->set_kpi(EnumToProto<v1::KpiDelta::Kpi>(delta.kind));
  out->set_predicted(delta.predicted);
  out->set_measured(delta.measured);
  out->set_low(delta.low);
  out->set_high(delta.high);
  out->set_delta(delta.delta);
  out->set_model(EnumToProto<v1::ArmVerdict::ModelAxis>(delta.model));
  out->set_slo(EnumToProto<v1::KpiDelta::SloAxis>(delta.slo));
}

StatusOr<model::KpiDelta> DeltaFromProto(const v1::KpiDelta& in) {
  model::KpiDelta delta;
  SHADOWD_RETURN_IF_ERROR(ReadEnum(in.kpi(), "kpi", delta.kind));
  delta.predicted = in.predicted();
  delta.measured = in.measured();
  delta.low = in.low();
  delta.high = in.high();
  delta.delta = in.delta();
  SHADOWD_RETURN_IF_ERROR(ReadEnum(in.model(), "model", delta.model));
  SHADOWD_RETURN_IF_ERROR(ReadEnum(in.slo(), "slo", delta.slo));
  return delta;
}

}  // namespace

void ToProto(const model::ArmVerdict& verdict, v1::ArmVerdict* out) {
  out->set_model(EnumToProto<v1::ArmVerdict::ModelAxis>(verdict.model));
  out->set_slo(EnumToProto<v1::KpiDelta::SloAxis>(verdict.slo));
  out->set_cause(EnumToProto<v1::ArmVerdict::Cause>(verdict.cause));
  out->set_reason(Utf8(verdict.reason));
  out->clear_kpis();
  for (const model::KpiDelta& delta : verdict.kpis) {
    DeltaToProto(delta, out->add_kpis());
  }
  out->set_requests(verdict.requests);
  out->set_windows(verdict.windows);
  out->set_windows_void(verdict.windows_void);
}

StatusOr<model::ArmVerdict> FromProto(const v1::ArmVerdict& in) {
  model::ArmVerdict verdict;
  SHADOWD_RETURN_IF_ERROR(ReadEnum(in.model(), "model", verdict.model));
  SHADOWD_RETURN_IF_ERROR(ReadEnum(in.slo(), "slo", verdict.slo));
  SHADOWD_RETURN_IF_ERROR(ReadEnum(in.cause(), "cause", verdict.cause));
  verdict.reason = in.reason();
  for (const auto& kpi : in.kpis()) {
    SHADOWD_ASSIGN_OR_RETURN(auto delta, DeltaFromProto(kpi));
    verdict.kpis.push_back(delta);
  }
  verdict.requests = in.requests();
  verdict.windows = in.windows();
  verdict.windows_void = in.windows_void();
  return verdict;
}

void ToProto(const model::Trigger& trigger, v1::Trigger* out) {
  out->set_kind(EnumToProto<v1::Trigger::Kind>(trigger.kind));
  SHADOWD_SET_TIME(out, time, trigger.at);
  out->set_current(trigger.current);
  out->set_planned(trigger.planned);
  out->set_present_rps(trigger.present_rps);
  out->set_planned_rps(trigger.planned_rps);
  out->set_version(Utf8(trigger.version));
  out->set_evidence(Utf8(trigger.evidence));
  out->set_request_id(Utf8(trigger.request_id));
}

StatusOr<model::Trigger> FromProto(const v1::Trigger& in) {
  model::Trigger trigger;
  SHADOWD_RETURN_IF_ERROR(ReadEnum(in.kind(), "kind", trigger.kind));
  SHADOWD_READ_OPTIONAL(in, time, trigger.at);
  trigger.current = in.current();
  trigger.planned = in.planned();
  trigger.present_rps = in.present_rps();
  trigger.planned_rps = in.planned_rps();
  trigger.version = in.version();
  trigger.evidence = in.evidence();
  trigger.request_id = in.request_id();
  return trigger;
}

void ToProto(const model::Arm& arm, v1::Arm* out) {
  out->set_level(arm.level);
  out->set_role(EnumToProto<v1::Arm::Role>(arm.role));
  out->set_load_rps(arm.load_rps);
  ToProto(arm.predicted, out->mutable_predicted());
  out->clear_shadow_ids();
  for (const model::ReplicaId& shadow : arm.shadows) {
    out->add_shadow_ids(shadow.str());
  }
  ToProto(arm.verdict, out->mutable_verdict());
  out->set_cached(arm.cached);
  if (arm.predicted_after != model::KpiPrediction()) {
    ToProto(arm.predicted_after, out->mutable_predicted_after());
  }
}

StatusOr<model::Arm> FromProto(const v1::Arm& in) {
  model::Arm arm;
  arm.level = in.level();
  SHADOWD_RETURN_IF_ERROR(ReadEnum(in.role(), "role", arm.role));
  arm.load_rps = in.load_rps();
  arm.predicted = FromProto(in.predicted());
  for (const std::string& id : in.shadow_ids()) {
    arm.shadows.emplace_back(id);
  }
  SHADOWD_ASSIGN_OR_RETURN(arm.verdict, FromProto(in.verdict()));
  arm.cached = in.cached();
  if (in.has_predicted_after()) {
    arm.predicted_after = FromProto(in.predicted_after());
  }
  return arm;
}

void ToProto(const model::Trial& trial, v1::Trial* out) {
  out->set_name(TrialName(trial.service, trial.id));
  ToProto(trial.trigger, out->mutable_trigger());
  out->set_state(EnumToProto<v1::Trial::State>(trial.state));
  out->clear_arms();
  for (const model::Arm& arm : trial.arms) {
    ToProto(arm, out->add_arms());
  }
  SHADOWD_SET_TIME(out, create_time, trial.create_time);
  SHADOWD_SET_TIME(out, measure_time, trial.measure_time);
  SHADOWD_SET_TIME(out, end_time, trial.end_time);
  out->set_round(trial.round);
  out->set_note(Utf8(trial.note));
  out->set_mirrored_requests(trial.mirrored_requests);
  out->set_synthetic_requests(trial.synthetic_requests);
  out->set_shadow_seconds(trial.shadow_seconds);
  out->set_cost(trial.cost);
}

v1::Trial ToProto(const model::Trial& trial) {
  v1::Trial out;
  ToProto(trial, &out);
  return out;
}

StatusOr<model::Trial> FromProto(const v1::Trial& in) {
  SHADOWD_ASSIGN_OR_RETURN(TrialRef ref, ParseTrialName(in.name()));
  model::Trial trial;
  trial.id = std::move(ref.trial);
  trial.service = std::move(ref.service);
  SHADOWD_ASSIGN_OR_RETURN(trial.trigger, FromProto(in.trigger()));
  SHADOWD_RETURN_IF_ERROR(ReadEnum(in.state(), "state", trial.state));
  for (const auto& arm : in.arms()) {
    SHADOWD_ASSIGN_OR_RETURN(auto read, FromProto(arm));
    trial.arms.push_back(std::move(read));
  }
  SHADOWD_READ_OPTIONAL(in, create_time, trial.create_time);
  SHADOWD_READ_OPTIONAL(in, measure_time, trial.measure_time);
  SHADOWD_READ_OPTIONAL(in, end_time, trial.end_time);
  trial.round = in.round();
  trial.note = in.note();
  trial.mirrored_requests = in.mirrored_requests();
  trial.synthetic_requests = in.synthetic_requests();
  trial.shadow_seconds = in.shadow_seconds();
  trial.cost = in.cost();
  return trial;
}

}  // namespace shadowd::rpc
