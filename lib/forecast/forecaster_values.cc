// What a Forecaster has fitted, as values: for people to read, to be kept as a version, and back.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "forecast/forecaster.h"
#include "forecast/kept_fit.h"

namespace shadowd::forecast {
namespace {

std::string NameOf(const Features& features) {
  std::string name = fmt::format("linear on lags {}", fmt::join(features.lags, ","));
  if (!features.means.empty()) {
    name += fmt::format(", {} means", features.means.size());
  }
  return name + (features.harmonics.empty() ? "" : ", harmonics");
}

}  // namespace

model::ForecastScale Forecaster::Scale() const {
  model::ForecastScale scale;
  scale.step = options_.step;
  scale.fit = version_;
  scale.observations = static_cast<int>(observations());
  if (!fitted()) {
    return scale;
  }
  scale.logarithm = transform_.log;
  scale.mase = mase_;
  std::vector<std::string> names;
  for (const LinearModel& model : combination_.linear()) {
    names.push_back(NameOf(model.features()));
  }
  for (const Smoothing& smoothing : combination_.smoothing()) {
    names.push_back(smoothing.seasons().empty()       ? "smoothing"
                    : smoothing.seasons().size() == 1 ? "smoothing with a season"
                                                      : "smoothing with two seasons");
  }
  for (const int season : combination_.seasons()) {
    names.push_back(season == 1 ? "last value" : fmt::format("naive, {} steps ago", season));
    if (season > 1) {
      scale.seasons.push_back(season * options_.step);
    }
  }
  for (size_t m = 0; m < names.size(); ++m) {
    scale.members.push_back({names[m], combination_.weights().OfBlock(0)[m]});
  }
  return scale;
}

model::FittedForecast Forecaster::Kept() const {
  model::FittedForecast kept = Keep(combination_);
  kept.step = options_.step;
  kept.fit = version_;
  kept.logarithm = transform_.log;
  kept.floor = transform_.floor;
  kept.sigma = limits_.sigma();
  kept.mase = mase_;
  kept.last_step = step_of_last_;
  return kept;
}

void Forecaster::Revert(model::FittedForecast kept) {
  revert_to_ = std::make_shared<const model::FittedForecast>(std::move(kept));
  asked_ = true;
}

}  // namespace shadowd::forecast
