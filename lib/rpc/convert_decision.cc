#include "rpc/convert_decision.h"

#include "rpc/convert_basic.h"
#include "rpc/convert_trial.h"
#include "rpc/resource_name.h"

namespace shadowd::rpc {

void ToProto(const model::Decision& decision, v1::Decision* out) {
  out->set_name(DecisionName(decision.service, decision.id));
  out->set_trial(decision.trial.empty() ? "" : TrialName(decision.service, decision.trial));
  ToProto(decision.trigger, out->mutable_trigger());
  out->set_kind(EnumToProto<v1::Decision::Kind>(decision.kind));
  out->set_state(EnumToProto<v1::Decision::State>(decision.state));
  out->set_from(decision.from);
  out->set_planned(decision.planned);
  out->set_to(decision.to);
  out->set_version(Utf8(decision.version));
  out->set_cause(EnumToProto<v1::ArmVerdict::Cause>(decision.cause));
  out->set_reason(Utf8(decision.reason));
  out->set_skip_reason(Utf8(decision.skip_reason));
  out->set_gate_reason(Utf8(decision.gate_reason));
  out->clear_arms();
  for (const model::Arm& arm : decision.arms) {
    ToProto(arm, out->add_arms());
  }
  SHADOWD_SET_TIME(out, create_time, decision.create_time);
  SHADOWD_SET_TIME(out, decide_time, decision.decide_time);
  SHADOWD_SET_TIME(out, apply_time, decision.applied_time);
  out->set_lead_seconds(decision.lead_seconds);
  out->set_trial_cost(decision.trial_cost);
  out->set_worth(decision.worth);
  out->set_outcome(EnumToProto<v1::Decision::Outcome>(decision.outcome));
  out->set_outcome_reason(Utf8(decision.outcome_reason));
}

v1::Decision ToProto(const model::Decision& decision) {
  v1::Decision out;
  ToProto(decision, &out);
  return out;
}

StatusOr<model::Decision> FromProto(const v1::Decision& in) {
  SHADOWD_ASSIGN_OR_RETURN(DecisionRef ref, ParseDecisionName(in.name()));
  model::Decision decision;
  decision.id = std::move(ref.decision);
  decision.service = std::move(ref.service);
  if (!in.trial().empty()) {
    SHADOWD_ASSIGN_OR_RETURN(TrialRef trial, ParseTrialName(in.trial()));
    decision.trial = std::move(trial.trial);
  }
  SHADOWD_ASSIGN_OR_RETURN(decision.trigger, FromProto(in.trigger()));
  SHADOWD_RETURN_IF_ERROR(ReadEnum(in.kind(), "kind", decision.kind));
  SHADOWD_RETURN_IF_ERROR(ReadEnum(in.state(), "state", decision.state));
  decision.from = in.from();
  decision.planned = in.planned();
  decision.to = in.to();
  decision.version = in.version();
  SHADOWD_RETURN_IF_ERROR(ReadEnum(in.cause(), "cause", decision.cause));
  decision.reason = in.reason();
  decision.skip_reason = in.skip_reason();
  decision.gate_reason = in.gate_reason();
  for (const auto& arm : in.arms()) {
    SHADOWD_ASSIGN_OR_RETURN(auto read, FromProto(arm));
    decision.arms.push_back(std::move(read));
  }
  SHADOWD_READ_OPTIONAL(in, create_time, decision.create_time);
  SHADOWD_READ_OPTIONAL(in, decide_time, decision.decide_time);
  SHADOWD_READ_OPTIONAL(in, apply_time, decision.applied_time);
  decision.lead_seconds = in.lead_seconds();
  decision.trial_cost = in.trial_cost();
  decision.worth = in.worth();
  SHADOWD_RETURN_IF_ERROR(ReadEnum(in.outcome(), "outcome", decision.outcome));
  decision.outcome_reason = in.outcome_reason();
  return decision;
}

}  // namespace shadowd::rpc
