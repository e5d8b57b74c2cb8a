#include "rpc/convert_model.h"

#include "rpc/convert_basic.h"
#include "rpc/convert_kpi.h"
#include "rpc/resource_name.h"

namespace shadowd::rpc {

void ToProto(const model::Learnt& learnt, v1::Learnt* out) {
  out->Clear();
  for (const model::CapacityPoint& point : learnt.points) {
    ToProto(point, out->add_points());
  }
  out->mutable_start_seconds()->Assign(learnt.start_seconds.begin(), learnt.start_seconds.end());
  out->mutable_trial_seconds()->Assign(learnt.trial_seconds.begin(), learnt.trial_seconds.end());
  for (const auto& [kpi, values] : learnt.errors) {
    (*out->mutable_errors())[kpi].mutable_values()->Assign(values.begin(), values.end());
  }
  for (const auto& [kpi, tolerance] : learnt.tolerances) {
    (*out->mutable_tolerances())[kpi] = tolerance;
  }
}

StatusOr<model::Learnt> FromProto(const v1::Learnt& in) {
  model::Learnt learnt;
  learnt.points.reserve(static_cast<size_t>(in.points_size()));
  for (const auto& point : in.points()) {
    SHADOWD_ASSIGN_OR_RETURN(auto read, FromProto(point));
    learnt.points.push_back(std::move(read));
  }
  learnt.start_seconds.assign(in.start_seconds().begin(), in.start_seconds().end());
  learnt.trial_seconds.assign(in.trial_seconds().begin(), in.trial_seconds().end());
  for (const auto& [kpi, errors] : in.errors()) {
    learnt.errors[kpi].assign(errors.values().begin(), errors.values().end());
  }
  learnt.tolerances.insert(in.tolerances().begin(), in.tolerances().end());
  return learnt;
}

void ToProto(const model::ModelVersion& version, v1::Model* out) {
  out->set_name(ModelName(version.service, version.number));
  SHADOWD_SET_TIME(out, create_time, version.create_time);
  out->set_cause(EnumToProto<v1::Model::Cause>(version.cause));
  out->set_trial(version.trial.empty() ? "" : TrialName(version.service, version.trial));
  ToProto(version.learnt, out->mutable_learnt());
  out->set_error_before(version.error_before);
  out->set_error_after(version.error_after);
  out->set_summary(Utf8(version.summary));
}

v1::Model ToProto(const model::ModelVersion& version) {
  v1::Model out;
  ToProto(version, &out);
  return out;
}

StatusOr<model::ModelVersion> FromProto(const v1::Model& in) {
  SHADOWD_ASSIGN_OR_RETURN(ModelRef ref, ParseModelName(in.name()));
  model::ModelVersion version;
  version.service = std::move(ref.service);
  version.number = ref.number;
  SHADOWD_READ_OPTIONAL(in, create_time, version.create_time);
  SHADOWD_RETURN_IF_ERROR(ReadEnum(in.cause(), "cause", version.cause));
  if (!in.trial().empty()) {
    SHADOWD_ASSIGN_OR_RETURN(TrialRef trial, ParseTrialName(in.trial()));
    version.trial = std::move(trial.trial);
  }
  SHADOWD_ASSIGN_OR_RETURN(version.learnt, FromProto(in.learnt()));
  version.error_before = in.error_before();
  version.error_after = in.error_after();
  version.summary = in.summary();
  return version;
}

}  // namespace shadowd::rpc
