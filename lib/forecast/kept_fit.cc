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

size_t MembersOf(const model::FittedForecast& kept) {
  return kept.linear.size() + kept.smoothing.size() + kept.seasons.size();
}

bool Fits(const model::FittedForecast& kept, size_t known) {
  const auto reaches = [known](const auto& linear) {
    const Features features = FeaturesOf(linear);
    const size_t needed = static_cast<size_t>(features.MaxLag()) + kRowsAParameter * features.size();
    return linear.weights.size() == features.size() && known > needed;
  };
  return !kept.linear.empty() && !kept.seasons.empty() &&
         std::all_of(kept.linear.begin(), kept.linear.end(), reaches) &&
         std::all_of(kept.seasons.begin(), kept.seasons.end(),
                     [&](int season) { return season > 0 && 2 * static_cast<size_t>(season) <= known; }) &&
         std::all_of(kept.errors.begin(), kept.errors.end(),
                     [&](const auto& errors) { return errors.size() == MembersOf(kept); });
}

}  // namespace

model::FittedForecast Keep(const Combination& combination) {
  model::FittedForecast kept;
  kept.seasons = combination.seasons();
  kept.errors = combination.weights().errors();
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

bool TakeUp(const FitInput& input, Fit& fit) {
  SHADOWD_CHECK(input.kept.has_value());
  const model::FittedForecast& kept = *input.kept;
  const size_t known = input.demand_rps.size();
  if (!Fits(kept, known)) {
    fit.reason = "too little demand is known for the models that were reverted to";
    return false;
  }
  const int64_t newest = input.first_step + static_cast<int64_t>(known) - 1;
  fit.last_step = std::clamp(kept.last_step, std::min(input.first_step + 1, newest), newest);
  fit.transform = {kept.logarithm, kept.floor};
  fit.seasons = kept.seasons;
  const int horizon = std::max(1, input.options.horizon_steps);
  if (kept.errors.size() == BlockCount(horizon)) {
    fit.weights = MemberWeights(horizon, kept.errors);
  }
  const std::vector<double> z = Filled(input.demand_rps, fit.transform, fit.seasons.back());
  for (const auto& linear : kept.linear) {
    const Features features = FeaturesOf(linear);
    const Ridge ridge(features, z, static_cast<size_t>(features.MaxLag()), z.size(), input.first_step);
    fit.linear.push_back(ridge.Solve(kPenalty).With(linear.centre, linear.weights));
  }
  for (const auto& smoothing : kept.smoothing) {
    fit.smoothing.emplace_back(SmoothingGains{smoothing.level_gain, smoothing.season_gain, smoothing.fade},
                               smoothing.seasons, smoothing.level, smoothing.left);
  }
  return true;
}

}  // namespace shadowd::forecast
