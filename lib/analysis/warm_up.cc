#include "analysis/warm_up.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace shadowd::analysis {
namespace {

constexpr double kSlower = 0.15;    // of the logarithm of the latency
constexpr double kDearer = 0.10;    // and of CPU per request
constexpr double kScatter = 0.05;   // windows scatter at least this much
constexpr double kEvidence = 10.0;  // twice the logarithm of the likelihood ratio

struct Level {
  double latency = 0;
  double work = NAN;
};

Level LevelOf(const model::KpiWindow& window) {
  std::vector<uint32_t> latency = window.latency_us;
  const auto middle = latency.begin() + static_cast<std::ptrdiff_t>(latency.size() / 2);
  std::nth_element(latency.begin(), middle, latency.end());
  Level level{std::log(std::max<double>(*middle, 1))};
  if (window.cpu_seconds > 0 && window.completed > 0) {
    level.work = std::log(window.cpu_seconds / static_cast<double>(window.completed));
  }
  return level;
}

double Mean(std::span<const Level> levels, double Level::*value) {
  double sum = 0;
  for (const Level& level : levels) {
    sum += level.*value;
  }
  return sum / static_cast<double>(levels.size());
}

double Scatter(std::span<const Level> levels) {
  const double mean = Mean(levels, &Level::latency);
  double sum = 0;
  for (const Level& level : levels) {
    sum += (level.latency - mean) * (level.latency - mean);
  }
  return sum;
}

// The best split, or 0.
size_t Split(std::span<const Level> levels) {
  const auto n = static_cast<double>(levels.size());
  size_t best = 0;
  double best_evidence = kEvidence;
  for (size_t split = 1; split + 2 <= levels.size(); ++split) {
    const std::span<const Level> before = levels.first(split), after = levels.subspan(split);
    const double fell = Mean(before, &Level::latency) - Mean(after, &Level::latency);
    const double cheaper = Mean(before, &Level::work) - Mean(after, &Level::work);
    if (fell < kSlower || (!std::isnan(cheaper) && cheaper < kDearer)) {
      continue;
    }
    const auto d = static_cast<double>(split);
    const double variance = (Scatter(before) + Scatter(after)) / std::max(n - 2, 1.0) + kScatter * kScatter;
    const double evidence = d * (n - d) / n * fell * fell / variance;
    if (evidence > best_evidence) {
      best = split;
      best_evidence = evidence;
    }
  }
  return best;
}

}  // namespace

size_t WarmUpWindows(std::span<const model::KpiWindow> windows) {
  std::vector<Level> levels;
  for (const model::KpiWindow& window : windows) {
    if (window.latency_us.empty()) {
      break;  // without a level nothing is compared
    }
    levels.push_back(LevelOf(window));
  }
  size_t begin = 0;
  // After a change the rest may change once more: a warm-up is rather a slope than a step.
  while (const size_t split = Split(std::span(levels).subspan(begin))) {
    begin += split;
  }
  return std::min(begin, kWarmUpWindowsMax);
}

}  // namespace shadowd::analysis
