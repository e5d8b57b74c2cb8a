// What a Forecaster says: steps with limits, and the peak of a window.
#include <algorithm>
#include <cmath>

#include "forecast/forecaster.h"

namespace shadowd::forecast {
namespace {

constexpr double kBeyondEver = 2;  // times the largest demand known: no limit is higher
constexpr size_t kRecent = 64;     // steps that speak for the future while nothing is fitted
constexpr Micros kDay = std::chrono::hours(24);
constexpr int64_t kRiseDays = 3;
constexpr int64_t kRiseSlack = 1;  // steps that a rise may come earlier than on past days
constexpr int64_t kFewestStepsADay = 24;
constexpr double kRiseFloor = 0.02;  // of the largest demand: what is added to compare small ones

struct Spread {
  double low = 0;
  double high = 0;
  double last = 0;
};

Spread SpreadOf(const series::TimeSeries& series) {
  Spread spread;
  bool any = false;
  for (size_t i = series.size() - std::min(series.size(), kRecent); i < series.size(); ++i) {
    const double v = series[i];
    if (std::isnan(v)) {
      continue;
    }
    spread.low = any ? std::min(spread.low, v) : v;
    spread.high = any ? std::max(spread.high, v) : v;
    spread.last = v;
    any = true;
  }
  return spread;
}

}  // namespace

model::Forecast Forecaster::Predict() const {
  model::Forecast forecast;
  forecast.service = service_;
  forecast.step = options_.step;
  forecast.coverage_target = options_.coverage;
  forecast.degraded_reason = DegradedReason();
  forecast.state =
      forecast.degraded_reason.empty() ? model::ForecastState::kReady : model::ForecastState::kDegraded;
  if (series_.empty()) {
    return forecast;
  }
  const Spread spread = SpreadOf(series_);
  forecast.made_at = series_.last() + options_.step;
  forecast.last_observed_rps = spread.last;
  forecast.coverage_so_far = accuracy_.Coverage();
  forecast.coverage_samples = accuracy_.samples();
  forecast.mase = accuracy_.Mase(mase_);
  forecast.model_version = version_;
  forecast.steps.reserve(static_cast<size_t>(options_.horizon_steps));
  for (int h = 1; h <= options_.horizon_steps; ++h) {
    model::ForecastStep step{series_.last() + h * options_.step, spread.last, spread.low, spread.high};
    if (fitted()) {
      const auto i = static_cast<size_t>(h) - 1;
      step.expected_rps = transform_.Backward(path_[i]);
      step.lower_rps = transform_.BackwardLower(path_[i] - down_[i]);
      step.upper_rps = std::max(std::min(transform_.Backward(path_[i] + up_[i]), kBeyondEver * largest_),
                                step.expected_rps);
    }
    forecast.steps.push_back(step);
  }
  if (fitted()) {
    const double sigma = std::max(limits_.sigma(), 1e-12);
    forecast.k_upper = up_[0] / sigma;
    forecast.k_lower = down_[0] / sigma;
    forecast.sigma_rps = transform_.log ? limits_.sigma() * transform_.Backward(path_[0]) : limits_.sigma();
  }
  return forecast;
}

double Forecaster::RiseWithin(Micros within) const {
  const int64_t day = kDay / options_.step;
  const auto size = static_cast<int64_t>(series_.size());
  if (day < kFewestStepsADay || size < 2) {
    return 0;
  }
  const int64_t ahead = (within + options_.step - Micros(1)) / options_.step + kRiseSlack;
  const auto at = [&](int64_t i) { return static_cast<double>(series_[static_cast<size_t>(i)]); };
  const double floor = kRiseFloor * largest_;
  const double now = (at(size - 1) + at(size - 2)) / 2 + floor;
  double steepest = 0;
  for (int64_t then = size - 1 - day; then > size - 1 - kRiseDays * day - 1 && then > 0; then -= day) {
    const double before = (at(then) + at(then - 1)) / 2 + floor;
    double peak = 0;
    for (int64_t i = then; i <= std::min(then + ahead, size - 1); ++i) {
      peak = std::max(peak, std::isnan(at(i)) ? 0.0 : at(i));
    }
    steepest =
        before > 0 ? std::max(steepest, (peak + floor) / before) : steepest;  // a gap counts for nothing
  }
  const double risen = now * steepest - floor;
  return risen > 0 ? std::min(risen, kBeyondEver * largest_) : 0;
}

std::pair<int, int> Forecaster::Window(Micros from, Micros to) const {
  const int64_t step = options_.step.count();
  const int64_t first = std::max<int64_t>(0, from.count()) / step + 1;
  const int64_t last = (std::max<int64_t>(0, to.count()) + step - 1) / step;
  const int64_t horizon = options_.horizon_steps;
  const int64_t begin = std::clamp<int64_t>(first, 1, horizon);
  return {static_cast<int>(begin), static_cast<int>(std::clamp<int64_t>(last, begin, horizon))};
}

double Forecaster::PeakExpected(Micros from, Micros to) const {
  if (!fitted()) {
    return SpreadOf(series_).last;
  }
  const auto [first, last] = Window(from, to);
  const double peak = *std::max_element(path_.begin() + first - 1, path_.begin() + last);
  const Peaks::Scores scores = peaks_.For(Work(), step_of_last_, first, last, options_.coverage);
  return transform_.Backward(peak + scores.mean * limits_.sigma());
}

double Forecaster::PeakUpper(Micros from, Micros to) const {
  if (!fitted()) {
    return SpreadOf(series_).high;
  }
  const auto [first, last] = Window(from, to);
  const double peak = *std::max_element(path_.begin() + first - 1, path_.begin() + last);
  const Peaks::Scores scores = peaks_.For(Work(), step_of_last_, first, last, options_.coverage);
  // No less than the limits of the window's steps, no more than those of the whole horizon: its highest one
  // is the limit of the largest demand of all.
  double least = peak, most = peak;
  for (int h = 1; h <= options_.horizon_steps; ++h) {
    const double limit = path_[static_cast<size_t>(h) - 1] + up_[static_cast<size_t>(h) - 1];
    most = std::max(most, limit);
    least = h >= first && h <= last ? std::max(least, limit) : least;
  }
  const double upper = std::clamp(peak + scores.upper * limits_.sigma() * change_.Widening(), least, most);
  return std::max(std::min(transform_.Backward(upper), kBeyondEver * largest_), transform_.Backward(peak));
}

}  // namespace shadowd::forecast
