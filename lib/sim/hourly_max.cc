#include "sim/hourly_max.h"

#include <algorithm>
#include <cmath>

namespace shadowd::sim {
namespace {

constexpr Micros kHour = std::chrono::hours(1);
constexpr int kDay = 24;  // hours
constexpr int kWeeks = 2;
constexpr int kDays = 3;
constexpr double kRound = 1e-9;  // keeps 3.0000000001 from being 4

// NaN where the log does not hold the whole of an hour's start and end, or nothing of it is known.
double MaxOfHour(const DemandLog& log, int64_t hour) {
  const WallTime from(kHour * hour);
  if (from < log.start || from + kHour > log.end()) {
    return std::nan("");
  }
  const auto first = static_cast<size_t>((from - log.start) / log.step);
  const auto last =
      std::min(static_cast<size_t>((from + kHour - log.start - Micros(1)) / log.step), log.size() - 1);
  double most = std::nan("");
  for (size_t i = first; i <= last; ++i) {
    most = std::fmax(most, log.demand_rps[i]);  // ignores gaps
  }
  return most;
}

double MeanOfHours(const DemandLog& log, int64_t hour, int distance, int count) {
  double sum = 0;
  int known = 0;
  for (int i = 1; i <= count; ++i) {
    const double most = MaxOfHour(log, hour - static_cast<int64_t>(i) * distance);
    if (!std::isnan(most)) {
      sum += most;
      ++known;
    }
  }
  return known > 0 ? sum / known : std::nan("");
}

// CPU seconds of a request over the last day.
double RecentCost(const DemandLog& log, double otherwise) {
  const auto steps = static_cast<size_t>(std::max<int64_t>(1, kDay * kHour / log.step));
  double cores = 0, rps = 0;
  for (size_t i = log.size() - std::min(steps, log.size()); i < log.size(); ++i) {
    if (!std::isnan(log.cpu_cores[i]) && !std::isnan(log.demand_rps[i])) {
      cores += log.cpu_cores[i];
      rps += log.demand_rps[i];
    }
  }
  return rps > 0 ? cores / rps : otherwise;
}

}  // namespace

std::optional<double> ForecastHourlyMax(const DemandLog& log, int64_t hour) {
  double most = MeanOfHours(log, hour, 7 * kDay, kWeeks);
  if (std::isnan(most)) {
    most = MeanOfHours(log, hour, kDay, kDays);
  }
  return std::isnan(most) ? std::nullopt : std::optional(most);
}

int HourlyMax::FloorAt(const DemandLog& log, int64_t hour) const {
  const double rps = ForecastHourlyMax(log, hour).value_or(0);
  const double cores = rps * RecentCost(log, facts_.cpu_seconds_per_request);
  return static_cast<int>(std::ceil(cores / (options_.target * facts_.cpu_request_cores) - kRound));
}

int HourlyMax::Decide(const PolicyView& view) {
  const int64_t hour = view.wall.time_since_epoch() / kHour;
  if (hour != floor_hour_) {
    floor_hour_ = hour;
    floor_ = FloorAt(view.log, hour);
    next_floor_ = FloorAt(view.log, hour + 1);
  }
  const bool soon = (view.wall + options_.buffer).time_since_epoch() / kHour > hour;
  const int least = soon ? std::max(floor_, next_floor_) : floor_;
  return std::max(tracking_.Decide(view), least);
}

}  // namespace shadowd::sim
