#include "forecast/scores.h"

#include <algorithm>
#include <cmath>

namespace shadowd::forecast {

double SeasonalScale(std::span<const double> values, size_t season) {
  if (season == 0 || values.size() <= season) {
    return 0;
  }
  double sum = 0;
  for (size_t t = season; t < values.size(); ++t) {
    sum += std::abs(values[t] - values[t - season]);
  }
  return sum / static_cast<double>(values.size() - season);
}

double OverallWeightedAverage(double smape, double mase, double naive2_smape, double naive2_mase) {
  return (smape / naive2_smape + mase / naive2_mase) / 2;
}

void Scorer::AddOrigin(std::span<const ScoredStep> steps) {
  if (steps.empty()) {
    return;
  }
  double peak = steps[0].actual, limit = steps[0].upper;
  for (const ScoredStep& step : steps) {
    const double size = std::abs(step.actual) + std::abs(step.expected);
    smape_ += size > 0 ? 200 * std::abs(step.actual - step.expected) / size : 0;
    error_ += std::abs(step.actual - step.expected);
    const double outside = std::max({step.lower - step.actual, step.actual - step.upper, 0.0});
    interval_ += step.upper - step.lower + 2 / alpha_ * outside;
    width_ += step.upper - step.lower;
    actual_ += step.actual;
    inside_ += step.actual >= step.lower && step.actual <= step.upper ? 1 : 0;
    peak = std::max(peak, step.actual);
    limit = std::max(limit, step.upper);
  }
  steps_ += steps.size();
  ++origins_;
  peaks_below_ += peak <= limit ? 1 : 0;
  if (peak > 0) {
    ++peaks_;
    margin_ += (limit - peak) / peak;
  }
}

Scores Scorer::Result() const {
  Scores scores;
  scores.steps = steps_;
  scores.origins = origins_;
  if (steps_ == 0) {
    return scores;
  }
  const double n = static_cast<double>(steps_);
  scores.smape = smape_ / n;
  if (scale_ > 0) {
    scores.mase = error_ / n / scale_;
    scores.msis = interval_ / n / scale_;
  }
  scores.coverage = inside_ / n;
  scores.peak_coverage = peaks_below_ / static_cast<double>(origins_);
  if (peaks_ > 0) {
    scores.mean_upper_margin = margin_ / static_cast<double>(peaks_);
  }
  if (actual_ > 0) {
    scores.mean_relative_width = width_ / actual_;
  }
  return scores;
}

}  // namespace shadowd::forecast
