#include "forecast/kept_fit.h"

#include <algorithm>

#include "base/check.h"
#include "forecast/gaps.h"
#include "forecast/ridge.h"

namespace shadowd::forecast {
namespace {

constexpr double kPenalty = 1e-5;  // the least that fits are made with
constexpr size_t kRowsAParameter = 4;

Features FeaturesOf(const model::FittedForecast::Linear& linear) {
  Features features;
  features.lags = linear.lags;
  for (const auto& mean : linear.means) {
    features.means.push_back({mean.lag, mean.width, mean.stride, mean.count});
  }
  for (const auto& harmonics : linear.harmonics) {
    features.harmonics.push_back({harmonics.season, harmonics.count});
  }
  return features;
}

model::FittedForecast::Linear LinearOf(const LinearModel& model) {
  model::FittedForecast::Linear linear;
  linear.lags = model.features().lags;
  for (const Mean& mean : model.features().means) {
    linear.means.push_back({mean.lag, mean.width, mean.stride, mean.count});
  }
  for (const Harmonics& harmonics : model.features().harmonics) {
    linear.harmonics.push_back({harmonics.season, harmonics.count});
  }
  linear.centre = model.centre();
  linear.weights = model.weights();
  return linear;
}

bool Fits(const model::FittedForecast& kept, size_t known) {
  const bool weights =
      kept.weights.size() == kept.linear.size() + kept.smoothing.size() + kept.seasons.size();
  return weights && !kept.weights.empty() &&
         std::all_of(kept.linear.begin(), kept.linear.end(),
                     [&](const auto& linear) {
                       const Features features = FeaturesOf(linear);
                       const size_t needed =
                           static_cast<size_t>(features.MaxLag()) + kRowsAParameter * features.size();
                       return linear.weights.size() == features.size() && known > needed;
                     }) &&
         std::all_of(kept.seasons.begin(), kept.seasons.end(),
                     [&](int season) { return season > 0 && static_cast<size_t>(season) <= known; });
}

}  // namespace

model::FittedForecast Keep(const Combination& combination) {
  model::FittedForecast kept;
  kept.seasons = combination.seasons();
  kept.weights = combination.weights();
  for (const LinearModel& model : combination.linear()) {
    kept.linear.push_back(LinearOf(model));
  }
  for (const Smoothing& smoothing : combination.smoothing()) {
    kept.smoothing.push_back({.level_gain = smoothing.gains().level,
                              .season_gain = smoothing.gains().season,
                              .fade = smoothing.gains().fade,
                              .level = smoothing.level(),
                              .left = smoothing.left(),
                              .seasons = smoothing.seasons()});
  }
  return kept;
}

Fit FitKept(const FitInput& input) {
  SHADOWD_CHECK(input.kept.has_value());
  const model::FittedForecast& kept = *input.kept;
  const size_t known = input.demand_rps.size();
  Fit fit;
  fit.service = input.service;
  fit.version = input.version;
  fit.step = input.options.step;
  const int64_t newest = input.first_step + static_cast<int64_t>(known) - 1;
  fit.last_step = std::clamp(kept.last_step, std::min(input.first_step + 1, newest), newest);
  if (!Fits(kept, known)) {
    fit.reason = "too little demand is known for the models that were reverted to";
    return fit;
  }
  fit.usable = true;
  fit.transform = {kept.logarithm, kept.floor};
  fit.seasons = kept.seasons;
  fit.weights = kept.weights;
  fit.sigma = kept.sigma;
  fit.mase = kept.mase;
  for (const auto& limits : kept.limits) {
    fit.limits.push_back({limits.k_upper, limits.k_lower});
  }
  fit.limits.resize(BlockCount(std::max(1, input.options.horizon_steps)), fit.limits.back());
  const std::vector<double> z = Filled(input.demand_rps, fit.transform, fit.seasons.back());
  for (const auto& linear : kept.linear) {
    const Features features = FeaturesOf(linear);
    const Ridge ridge(features, z, static_cast<size_t>(features.MaxLag()), z.size(), input.first_step);
    fit.linear.emplace_back(features, linear.centre, linear.weights, ridge.Solve(kPenalty).inverse());
  }
  for (const auto& smoothing : kept.smoothing) {
    fit.smoothing.emplace_back(SmoothingGains{smoothing.level_gain, smoothing.season_gain, smoothing.fade},
                               smoothing.seasons, smoothing.level, smoothing.left);
  }
  return fit;
}

}  // namespace shadowd::forecast
