#include "kpi/reading.h"

#include <algorithm>
#include <cmath>

namespace shadowd::kpi {
namespace {

constexpr double kLongestUs = 4e9;  // what a sample holds

uint64_t Rounded(double count) {
  return static_cast<uint64_t>(std::llround(std::max(0.0, count)));
}

// Between the quantiles a straight line; below the first from nothing, above the last no more.
double At(const LatencyQuantiles& quantiles, double rank) {
  std::pair<double, double> before{0, 0};
  for (const auto& point : quantiles) {
    if (rank <= point.first) {
      const double share =
          point.first > before.first ? (rank - before.first) / (point.first - before.first) : 1;
      return before.second + share * (point.second - before.second);
    }
    before = point;
  }
  return before.second;
}

// Each rank once, neighbours far apart: the golden section of the ranks, with a step that has no divisor of
// them.
std::vector<uint32_t> Latencies(const LatencyQuantiles& quantiles, uint64_t answers) {
  const size_t count = std::min<size_t>(kLatencyRanks, static_cast<size_t>(answers));
  std::vector<uint32_t> latencies(count);
  size_t step = std::max<size_t>(1, static_cast<size_t>(0.618 * static_cast<double>(count)));
  const auto divides = [count](size_t a) {
    size_t b = count;
    while (b != 0) {
      a = std::exchange(b, a % b);
    }
    return a != 1;
  };
  while (count > 1 && divides(step)) {
    ++step;
  }
  for (size_t i = 0, rank = 0; i < count; ++i, rank = (rank + step) % count) {
    // The rank-th smallest of count is the quantile (rank + 1) / count, as quantiles of windows are taken.
    const double value = At(quantiles, static_cast<double>(rank + 1) / static_cast<double>(count));
    latencies[i] = static_cast<uint32_t>(std::clamp(value, 0.0, kLongestUs));
  }
  return latencies;
}

}  // namespace

std::optional<double> Plausible(std::optional<double> value, double most) {
  return value && *value >= 0 && *value <= most ? value : std::nullopt;
}

model::KpiWindow WindowOf(const Reading& reading) {
  model::KpiWindow window;
  window.start = reading.start;
  window.length = reading.length;
  const double seconds = ToSeconds(reading.length);
  window.offered = Rounded(reading.demand_rps.value_or(0) * seconds);
  window.completed = window.offered;
  window.errors = Rounded(reading.error_ratio.value_or(0) * static_cast<double>(window.completed));
  if (!reading.latency_us.empty()) {
    window.latency_us = Latencies(reading.latency_us, window.completed);
  }
  window.cpu_seconds = reading.cpu_cores ? *reading.cpu_cores * seconds : -1;
  window.memory_bytes = reading.memory_bytes.value_or(-1);
  return window;
}

}  // namespace shadowd::kpi
