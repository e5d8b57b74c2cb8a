#include "rpc/convert_model.h"

#include "rpc/convert_basic.h"
#include "rpc/convert_fitted.h"
#include "rpc/convert_kpi.h"
#include "rpc/convert_trial.h"
#include "rpc/resource_name.h"

namespace shadowd::rpc {

void ToProto(const model::Learnt& learnt, v1::Learnt* out) {
  out->Clear();
  for (const model::CapacityPoint& point : learnt.points) {
    ToProto(point, out->add_points());
  }
  out->mutable_start_seconds()->Assign(learnt.start_seconds.begin(), learnt.start_seconds.end());
  out->mutable_trial_seconds()->Assign(learnt.trial_seconds.begin(), learnt.trial_seconds.end());
  for (const auto& [kpi, tolerance] : learnt.tolerances) {
    (*out->mutable_tolerances())[kpi] = tolerance;
  }
  for (const auto& [kpi, tracker] : learnt.trackers) {
    v1::ToleranceTracker& added = (*out->mutable_trackers())[kpi];
    added.mutable_errors()->Assign(tracker.errors.begin(), tracker.errors.end());
    added.mutable_weights()->Assign(tracker.weights.begin(), tracker.weights.end());
    added.set_offset(tracker.offset);
    added.set_outcomes(tracker.outcomes);
    added.set_misses(tracker.misses);
  }
  for (const model::FittedForecast& forecast : learnt.forecasts) {
    ToProto(forecast, out->add_forecasts());
  }
  for (const model::MeasuredLevel& level : learnt.measured) {
    v1::MeasuredLevel* added = out->add_measured();
    added->set_version(Utf8(level.version));
    added->set_load_rps(level.load_rps);
    SHADOWD_SET_TIME(added, time, level.at);
    ToProto(level.verdict, added->mutable_verdict());
  }
  out->mutable_outcomes()->set_right(learnt.outcomes.right);
  out->mutable_outcomes()->set_false_confirm(learnt.outcomes.false_confirm);
  out->mutable_outcomes()->set_false_reject(learnt.outcomes.false_reject);
  out->set_plans(learnt.plans);
  out->set_plans_wrong(learnt.plans_wrong);
  for (const model::Spending& spending : learnt.spendings) {
    v1::Spending* added = out->add_spendings();
    SHADOWD_SET_TIME(added, time, spending.at);
    added->set_amount(spending.amount);
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
  learnt.tolerances.insert(in.tolerances().begin(), in.tolerances().end());
  for (const auto& [kpi, tracker] : in.trackers()) {
    learnt.trackers[kpi] = {.errors = {tracker.errors().begin(), tracker.errors().end()},
                            .weights = {tracker.weights().begin(), tracker.weights().end()},
                            .offset = tracker.offset(),
                            .outcomes = tracker.outcomes(),
                            .misses = tracker.misses()};
  }
  for (const auto& forecast : in.forecasts()) {
    SHADOWD_ASSIGN_OR_RETURN(auto read, FromProto(forecast));
    learnt.forecasts.push_back(std::move(read));
  }
  for (const auto& level : in.measured()) {
    model::MeasuredLevel& added = learnt.measured.emplace_back();
    added.version = level.version();
    added.load_rps = level.load_rps();
    SHADOWD_READ_OPTIONAL(level, time, added.at);
    SHADOWD_ASSIGN_OR_RETURN(added.verdict, FromProto(level.verdict()));
  }
  learnt.outcomes = {.right = in.outcomes().right(),
                     .false_confirm = in.outcomes().false_confirm(),
                     .false_reject = in.outcomes().false_reject()};
  learnt.plans = in.plans();
  learnt.plans_wrong = in.plans_wrong();
  for (const auto& spending : in.spendings()) {
    model::Spending& added = learnt.spendings.emplace_back();
    SHADOWD_READ_OPTIONAL(spending, time, added.at);
    added.amount = spending.amount();
  }
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
