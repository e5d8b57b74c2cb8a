#include "rpc/convert_forecast.h"

#include "rpc/convert_basic.h"
#include "rpc/resource_name.h"

namespace shadowd::rpc {

void ToProto(const model::Forecast& forecast, v1::Forecast* out) {
  out->set_name(ForecastName(forecast.service));
  SHADOWD_SET_TIME(out, make_time, forecast.made_at);
  ToProto(forecast.step, out->mutable_step());
  out->clear_steps();
  for (const model::ForecastStep& step : forecast.steps) {
    auto* added = out->add_steps();
    SHADOWD_SET_TIME(added, time, step.at);
    added->set_expected_rps(step.expected_rps);
    added->set_lower_rps(step.lower_rps);
    added->set_upper_rps(step.upper_rps);
  }
  out->set_state(EnumToProto<v1::Forecast::State>(forecast.state));
  out->set_degraded_reason(Utf8(forecast.degraded_reason));
  out->set_coverage_target(forecast.coverage_target);
  out->set_coverage_so_far(forecast.coverage_so_far);
  out->set_coverage_samples(forecast.coverage_samples);
  out->set_mase(forecast.mase);
  out->set_k_upper(forecast.k_upper);
  out->set_k_lower(forecast.k_lower);
  out->set_sigma_rps(forecast.sigma_rps);
  out->set_model_version(forecast.model_version);
  out->set_last_observed_rps(forecast.last_observed_rps);
}

v1::Forecast ToProto(const model::Forecast& forecast) {
  v1::Forecast out;
  ToProto(forecast, &out);
  return out;
}

StatusOr<model::Forecast> FromProto(const v1::Forecast& in) {
  model::Forecast forecast;
  SHADOWD_ASSIGN_OR_RETURN(forecast.service, ParseForecastName(in.name()));
  SHADOWD_READ_OPTIONAL(in, make_time, forecast.made_at);
  SHADOWD_READ_OPTIONAL(in, step, forecast.step);
  for (const auto& step : in.steps()) {
    model::ForecastStep& added = forecast.steps.emplace_back();
    SHADOWD_READ_OPTIONAL(step, time, added.at);
    added.expected_rps = step.expected_rps();
    added.lower_rps = step.lower_rps();
    added.upper_rps = step.upper_rps();
  }
  SHADOWD_RETURN_IF_ERROR(ReadEnum(in.state(), "state", forecast.state));
  forecast.degraded_reason = in.degraded_reason();
  forecast.coverage_target = in.coverage_target();
  forecast.coverage_so_far = in.coverage_so_far();
  forecast.coverage_samples = in.coverage_samples();
  forecast.mase = in.mase();
  forecast.k_upper = in.k_upper();
  forecast.k_lower = in.k_lower();
  forecast.sigma_rps = in.sigma_rps();
  forecast.model_version = in.model_version();
  forecast.last_observed_rps = in.last_observed_rps();
  return forecast;
}

}  // namespace shadowd::rpc
