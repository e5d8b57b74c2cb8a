#include "rpc/convert_forecast.h"

#include "rpc/convert_basic.h"
#include "rpc/resource_name.h"

namespace shadowd::rpc {

namespace {

void PeakToProto(const model::ForecastPeak& peak, v1::Forecast::Peak* out) {
  ToProto(peak.within, out->mutable_within());
  out->set_expected_rps(peak.expected_rps);
  out->set_upper_rps(peak.upper_rps);
  out->set_coverage_so_far(peak.coverage_so_far);
  out->set_coverage_samples(peak.coverage_samples);
}

Status PeakFromProto(const v1::Forecast::Peak& in, model::ForecastPeak& peak) {
  SHADOWD_READ_OPTIONAL(in, within, peak.within);
  peak.expected_rps = in.expected_rps();
  peak.upper_rps = in.upper_rps();
  peak.coverage_so_far = in.coverage_so_far();
  peak.coverage_samples = in.coverage_samples();
  return absl::OkStatus();
}

void BlockToProto(const model::ForecastBlock& block, v1::Forecast::Block* out) {
  out->set_first_step(block.first_step);
  out->set_last_step(block.last_step);
  out->set_samples(block.samples);
  out->set_coverage(block.coverage);
  out->set_above(block.above);
  out->set_pinball_rps(block.pinball_rps);
  out->set_mase(block.mase);
  out->set_msis(block.msis);
}

model::ForecastBlock BlockFromProto(const v1::Forecast::Block& in) {
  return {.first_step = in.first_step(),
          .last_step = in.last_step(),
          .samples = in.samples(),
          .coverage = in.coverage(),
          .above = in.above(),
          .pinball_rps = in.pinball_rps(),
          .mase = in.mase(),
          .msis = in.msis()};
}

void ScaleToProto(const model::ForecastScale& scale, v1::Forecast::Scale* out) {
  ToProto(scale.step, out->mutable_step());
  out->set_fit(scale.fit);
  for (const Micros season : scale.seasons) {
    ToProto(season, out->add_seasons());
  }
  out->set_logarithm(scale.logarithm);
  for (const model::ForecastScale::Member& member : scale.members) {
    auto* added = out->add_members();
    added->set_name(member.name);
    added->set_weight(member.weight);
  }
  out->set_mase(scale.mase);
  out->set_observations(scale.observations);
}

Status ScaleFromProto(const v1::Forecast::Scale& in, model::ForecastScale& scale) {
  SHADOWD_READ_OPTIONAL(in, step, scale.step);
  scale.fit = in.fit();
  for (const auto& season : in.seasons()) {
    SHADOWD_ASSIGN_OR_RETURN(const Micros read, FromProto(season));
    scale.seasons.push_back(read);
  }
  scale.logarithm = in.logarithm();
  for (const auto& member : in.members()) {
    scale.members.push_back({member.name(), member.weight()});
  }
  scale.mase = in.mase();
  scale.observations = in.observations();
  return absl::OkStatus();
}

}  // namespace

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
  PeakToProto(forecast.peak, out->mutable_peak());
  out->clear_blocks();
  for (const model::ForecastBlock& block : forecast.blocks) {
    BlockToProto(block, out->add_blocks());
  }
  out->clear_scales();
  for (const model::ForecastScale& scale : forecast.scales) {
    ScaleToProto(scale, out->add_scales());
  }
  out->set_widening(forecast.widening);
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
  SHADOWD_RETURN_IF_ERROR(PeakFromProto(in.peak(), forecast.peak));
  for (const auto& block : in.blocks()) {
    forecast.blocks.push_back(BlockFromProto(block));
  }
  for (const auto& scale : in.scales()) {
    SHADOWD_RETURN_IF_ERROR(ScaleFromProto(scale, forecast.scales.emplace_back()));
  }
  forecast.widening = in.widening();
  return forecast;
}

}  // namespace shadowd::rpc
