#include "forecast/coarse_scale.h"

#include <algorithm>
#include <cmath>

namespace shadowd::forecast {
namespace {

constexpr Micros kCoarse = std::chrono::minutes(5);
constexpr Micros kDay = std::chrono::hours(24);
constexpr int kFineSeasonMost = 2048;  // fine steps; a longer season is left to the coarse scale

// The shortest multiple of the fine step that is not finer than kCoarse and, if there is one within twice
// that, divides a day.
int64_t RatioOf(Micros fine) {
  const int64_t least = (kCoarse + fine - Micros(1)) / fine;
  for (int64_t ratio = least; ratio < 2 * least; ++ratio) {
    if (kDay % (ratio * fine) == Micros(0)) {
      return ratio;
    }
  }
  return least;
}

WallTime FloorTo(WallTime at, Micros step) {
  const int64_t us = ToMicros(at);
  const int64_t rest = ((us % step.count()) + step.count()) % step.count();
  return WallFromMicros(us - rest);
}

}  // namespace

Scales ScalesOf(Options wanted) {
  if (wanted.step <= Micros(0) || wanted.step >= kCoarse) {
    return {std::move(wanted), std::nullopt};
  }
  const int64_t ratio = RatioOf(wanted.step);
  Options coarse = wanted;
  coarse.step = ratio * wanted.step;
  coarse.horizon_steps = static_cast<int>((wanted.horizon_steps + ratio - 1) / ratio) + 1;
  coarse.seasons.clear();
  std::vector<int> left;
  for (const int season : wanted.seasons) {
    if (season > kFineSeasonMost) {
      coarse.seasons.push_back(static_cast<int>((season + ratio / 2) / ratio));
    } else {
      left.push_back(season);
    }
  }
  if (!wanted.seasons.empty() && coarse.seasons.empty()) {  // a caller who knows better
    return {std::move(wanted), std::nullopt};
  }
  wanted.seasons = std::move(left);
  return {std::move(wanted), std::move(coarse)};
}

CoarseScale::CoarseScale(const model::ServiceId& service, const Options& coarse, Micros fine_step)
    : forecaster_(service, coarse), step_(coarse.step), fine_step_(fine_step) {}

void CoarseScale::Import(std::span<const std::pair<WallTime, double>> demand_rps) {
  forecaster_.Import(demand_rps);
  Project();
}

void CoarseScale::Observe(WallTime at, double rps) {
  if (!std::isfinite(rps) || rps < 0) {
    return;
  }
  const WallTime start = FloorTo(at, step_);
  if (start != start_) {
    // A coarse step of which less than half was seen is no measurement.
    if (count_ > 0 && 2 * count_ * fine_step_ >= step_) {
      forecaster_.Observe(start_, sum_ / count_);
      Project();
    }
    start_ = start;
    sum_ = 0;
    count_ = 0;
  }
  sum_ += rps;
  ++count_;
}

void CoarseScale::Adopt(const Fit& fit) {
  forecaster_.Adopt(fit);
  Project();
}

void CoarseScale::Project() {
  middles_.clear();
  const model::Forecast forecast = forecaster_.Predict();
  if (forecast.model_version == 0) {
    return;
  }
  middles_.emplace_back(forecast.steps.front().at - step_ / 2, forecast.last_observed_rps);
  for (const model::ForecastStep& step : forecast.steps) {
    middles_.emplace_back(step.at + step_ / 2, step.expected_rps);
  }
}

std::vector<double> CoarseScale::Expected(WallTime first, int count) const {
  std::vector<double> expected;
  if (middles_.empty()) {
    return expected;
  }
  expected.reserve(static_cast<size_t>(count));
  size_t next = 1;
  for (int i = 0; i < count; ++i) {
    const WallTime middle = first + i * fine_step_ + fine_step_ / 2;
    while (next + 1 < middles_.size() && middles_[next].first < middle) {
      ++next;
    }
    const auto& [before, low] = middles_[next - 1];
    const auto& [after, high] = middles_[next];
    const double share = std::clamp(ToSeconds(middle - before) / ToSeconds(after - before), 0.0, 1.0);
    expected.push_back(low + share * (high - low));
  }
  return expected;
}

}  // namespace shadowd::forecast
