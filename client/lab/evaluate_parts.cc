#include "lab/evaluate_parts.h"

#include <algorithm>

namespace shadowd::lab {

using forecast::ScoredStep;

Status CheckSeasons(const std::string& name, const std::vector<int>& seasons, size_t steps, size_t known) {
  for (const int asked : seasons) {
    const auto season = static_cast<size_t>(asked);
    if (season >= steps) {
      return InvalidArgument("{}: --season {} is not shorter than the whole history of {} steps", name,
                             season, steps);
    }
    if (2 * season > known) {
      return InvalidArgument(
          "{}: --season {} is longer than half of the {} steps known at the first forecast (at most {}): a "
          "season must have come twice to be learnt",
          name, season, known, known / 2);
    }
  }
  return absl::OkStatus();
}

forecast::Options ForecastOptions(const EvaluateOptions& options, Micros step, size_t horizon) {
  return {.step = step,
          .seasons = options.seasons,
          .horizon_steps = static_cast<int>(horizon),
          .coverage = options.coverage};
}

void RefitIfWanted(forecast::DemandForecaster& forecaster) {
  while (forecaster.WantsFit()) {  // one scale after the other
    forecaster.Adopt(forecast::FitModels(*forecaster.CopyForFit()));
  }
}

std::vector<ScoredStep> Score(const model::Forecast& forecast, WallTime first, Micros step,
                              std::span<const double> truth) {
  std::vector<ScoredStep> scored;
  if (forecast.steps.empty()) {
    return scored;
  }
  const auto early = static_cast<size_t>(std::max<int64_t>(0, (first - forecast.steps[0].at) / step));
  for (size_t h = 0; h < truth.size(); ++h) {
    const model::ForecastStep& said = forecast.steps[std::min(early + h, forecast.steps.size() - 1)];
    scored.push_back({truth[h], said.expected_rps, said.lower_rps, said.upper_rps});
  }
  return scored;
}

void PlanPeaks::Add(double limit, std::span<const double> truth) {
  const double peak = *std::max_element(truth.begin(), truth.end());
  ++count_;
  below_ += peak <= limit ? 1 : 0;
  if (peak > 0) {
    ++positive_;
    margin_ += (limit - peak) / peak;
  }
}

void PlanPeaks::Write(Evaluation& evaluation) const {
  evaluation.plan_peak_coverage = count_ > 0 ? below_ / count_ : 0;
  if (positive_ > 0) {
    evaluation.plan_peak_margin = margin_ / positive_;
  }
}

void Tell(const Progress& progress, size_t done, size_t most) {
  if (progress) {
    progress(static_cast<int>(done), static_cast<int>(most));
  }
}

}  // namespace shadowd::lab
