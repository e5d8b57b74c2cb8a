#include "rpc/convert_fitted.h"

#include "rpc/convert_basic.h"

namespace shadowd::rpc {
namespace {

using model::FittedForecast;

void LinearToProto(const FittedForecast::Linear& linear, v1::FittedForecast::Linear* out) {
  out->mutable_lags()->Assign(linear.lags.begin(), linear.lags.end());
  for (const FittedForecast::Linear::Mean& mean : linear.means) {
    auto* added = out->add_means();
    added->set_lag(mean.lag);
    added->set_width(mean.width);
    added->set_stride(mean.stride);
    added->set_count(mean.count);
  }
  for (const FittedForecast::Linear::Harmonics& harmonics : linear.harmonics) {
    auto* added = out->add_harmonics();
    added->set_season(harmonics.season);
    added->set_count(harmonics.count);
  }
  out->set_centre(linear.centre);
  out->mutable_weights()->Assign(linear.weights.begin(), linear.weights.end());
}

FittedForecast::Linear LinearFromProto(const v1::FittedForecast::Linear& in) {
  FittedForecast::Linear linear;
  linear.lags.assign(in.lags().begin(), in.lags().end());
  for (const auto& mean : in.means()) {
    linear.means.push_back({mean.lag(), mean.width(), mean.stride(), mean.count()});
  }
  for (const auto& harmonics : in.harmonics()) {
    linear.harmonics.push_back({harmonics.season(), harmonics.count()});
  }
  linear.centre = in.centre();
  linear.weights.assign(in.weights().begin(), in.weights().end());
  return linear;
}

void SmoothingToProto(const FittedForecast::Smoothing& smoothing, v1::FittedForecast::Smoothing* out) {
  out->set_level_gain(smoothing.level_gain);
  out->set_season_gain(smoothing.season_gain);
  out->set_fade(smoothing.fade);
  out->set_level(smoothing.level);
  out->set_left(smoothing.left);
  for (const std::vector<float>& season : smoothing.seasons) {
    out->add_seasons()->mutable_offsets()->Assign(season.begin(), season.end());
  }
}

FittedForecast::Smoothing SmoothingFromProto(const v1::FittedForecast::Smoothing& in) {
  FittedForecast::Smoothing smoothing{.level_gain = in.level_gain(),
                                      .season_gain = in.season_gain(),
                                      .fade = in.fade(),
                                      .level = in.level(),
                                      .left = in.left(),
                                      .seasons = {}};
  for (const auto& season : in.seasons()) {
    smoothing.seasons.emplace_back(season.offsets().begin(), season.offsets().end());
  }
  return smoothing;
}

}  // namespace

void ToProto(const FittedForecast& forecast, v1::FittedForecast* out) {
  out->Clear();
  ToProto(forecast.step, out->mutable_step());
  out->set_fit(forecast.fit);
  out->set_logarithm(forecast.logarithm);
  out->set_floor(forecast.floor);
  out->mutable_seasons()->Assign(forecast.seasons.begin(), forecast.seasons.end());
  for (const FittedForecast::Linear& linear : forecast.linear) {
    LinearToProto(linear, out->add_linear());
  }
  for (const FittedForecast::Smoothing& smoothing : forecast.smoothing) {
    SmoothingToProto(smoothing, out->add_smoothing());
  }
  for (const std::vector<double>& errors : forecast.errors) {
    out->add_blocks()->mutable_errors()->Assign(errors.begin(), errors.end());
  }
  out->set_sigma(forecast.sigma);
  out->set_mase(forecast.mase);
  out->set_last_step(forecast.last_step);
}

StatusOr<FittedForecast> FromProto(const v1::FittedForecast& in) {
  FittedForecast forecast;
  SHADOWD_READ_OPTIONAL(in, step, forecast.step);
  forecast.fit = in.fit();
  forecast.logarithm = in.logarithm();
  forecast.floor = in.floor();
  forecast.seasons.assign(in.seasons().begin(), in.seasons().end());
  for (const auto& linear : in.linear()) {
    forecast.linear.push_back(LinearFromProto(linear));
  }
  for (const auto& smoothing : in.smoothing()) {
    forecast.smoothing.push_back(SmoothingFromProto(smoothing));
  }
  for (const auto& block : in.blocks()) {
    forecast.errors.emplace_back(block.errors().begin(), block.errors().end());
  }
  forecast.sigma = in.sigma();
  forecast.mase = in.mase();
  forecast.last_step = in.last_step();
  return forecast;
}

}  // namespace shadowd::rpc
