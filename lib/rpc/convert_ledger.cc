#include "rpc/convert_ledger.h"

#include "rpc/convert_basic.h"
#include "rpc/resource_name.h"

namespace shadowd::rpc {

void ToProto(const model::LedgerEntry& entry, v1::Cost* out) {
  out->set_name(CostName(entry.service, entry.decision));
  out->set_trial(entry.trial.empty() ? "" : TrialName(entry.service, entry.trial));
  SHADOWD_SET_TIME(out, time, entry.at);
  out->set_currency(entry.currency);
  out->set_shadow_seconds(entry.shadow_seconds);
  out->set_shadow_cost(entry.shadow_cost);
  out->set_instance_seconds_changed(entry.instance_seconds_changed);
  out->set_instance_cost_changed(entry.instance_cost_changed);
  out->set_violation_cost_avoided(entry.violation_cost_avoided);
  out->set_worth(entry.worth);
  out->set_note(Utf8(entry.note));
  out->set_violation_minutes_avoided(entry.violation_minutes_avoided);
  out->set_counterfactual(Utf8(entry.counterfactual));
}

v1::Cost ToProto(const model::LedgerEntry& entry) {
  v1::Cost out;
  ToProto(entry, &out);
  return out;
}

StatusOr<model::LedgerEntry> FromProto(const v1::Cost& in) {
  SHADOWD_ASSIGN_OR_RETURN(DecisionRef ref, ParseCostName(in.name()));
  model::LedgerEntry entry;
  entry.service = std::move(ref.service);
  entry.decision = std::move(ref.decision);
  if (!in.trial().empty()) {
    SHADOWD_ASSIGN_OR_RETURN(TrialRef trial, ParseTrialName(in.trial()));
    entry.trial = std::move(trial.trial);
  }
  SHADOWD_READ_OPTIONAL(in, time, entry.at);
  entry.currency = in.currency();
  entry.shadow_seconds = in.shadow_seconds();
  entry.shadow_cost = in.shadow_cost();
  entry.instance_seconds_changed = in.instance_seconds_changed();
  entry.instance_cost_changed = in.instance_cost_changed();
  entry.violation_cost_avoided = in.violation_cost_avoided();
  entry.worth = in.worth();
  entry.note = in.note();
  entry.violation_minutes_avoided = in.violation_minutes_avoided();
  entry.counterfactual = in.counterfactual();
  return entry;
}

}  // namespace shadowd::rpc
