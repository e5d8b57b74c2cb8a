#include "sim/oracle.h"

#include <algorithm>
#include <cmath>

#include "sim/trace.h"

namespace shadowd::sim {
namespace {

constexpr double kQuantile = 0.99;
constexpr Micros kAround = std::chrono::minutes(15);
constexpr double kStartDeviations = 3;  // a start is ready within its mean and so many deviations

int64_t LeadSteps(const Scene& scene) {
  const double seconds = ToSeconds(scene.start_up) * (1 + kStartDeviations * scene.start_up_cv);
  return static_cast<int64_t>(std::ceil(seconds / ToSeconds(scene.trace.step)));
}

std::vector<int> LevelsFor(const Scene& scene, const std::vector<double>& demand_rps,
                           CapacityTable& capacity) {
  std::vector<int> levels;
  levels.reserve(demand_rps.size());
  const model::Bounds& bounds = scene.spec.bounds;
  for (size_t i = 0; i < demand_rps.size(); ++i) {
    const double factor = CostFactor(scene.events, scene.trace.step * static_cast<int64_t>(i));
    levels.push_back(capacity.SmallestLevel(demand_rps[i], factor, bounds.min, bounds.max).level);
  }
  return levels;
}

// The quantile of what lies around each step.
std::vector<double> Around(const std::vector<double>& demand_rps, Micros step) {
  const auto reach = static_cast<int64_t>(kAround / step);
  const auto count = static_cast<int64_t>(demand_rps.size());
  std::vector<double> sorted;  // of the steps within reach, moved along
  std::vector<double> out;
  out.reserve(demand_rps.size());
  const auto insert = [&](double value) {
    sorted.insert(std::upper_bound(sorted.begin(), sorted.end(), value), value);
  };
  for (int64_t i = 0; i < std::min(reach, count); ++i) {
    insert(demand_rps[static_cast<size_t>(i)]);
  }
  for (int64_t i = 0; i < count; ++i) {
    if (i + reach < count) {
      insert(demand_rps[static_cast<size_t>(i + reach)]);
    }
    if (i - reach > 0) {
      sorted.erase(
          std::lower_bound(sorted.begin(), sorted.end(), demand_rps[static_cast<size_t>(i - reach - 1)]));
    }
    out.push_back(sorted[static_cast<size_t>(kQuantile * static_cast<double>(sorted.size() - 1) + 0.5)]);
  }
  return out;
}

}  // namespace

std::vector<int> LevelsNeeded(const Scene& scene, CapacityTable& capacity) {
  return LevelsFor(scene, WithEvents(scene.trace, scene.events).demand_rps, capacity);
}

Oracle::Oracle(const Scene& scene, const std::vector<int>& needed) : step_(scene.trace.step) {
  const int64_t lead = LeadSteps(scene);
  const auto count = static_cast<int64_t>(needed.size());
  for (int64_t i = 0; i < count; ++i) {
    const auto from = needed.begin() + i;
    wanted_.push_back(*std::max_element(from, from + std::min(lead + 1, count - i)));
  }
}

Oracle::Oracle(const Scene& scene, CapacityTable& capacity) : Oracle(scene, LevelsNeeded(scene, capacity)) {}

DistributionOracle::DistributionOracle(const Scene& scene, CapacityTable& capacity)
    : Oracle(scene,
             LevelsFor(scene, Around(WithEvents(scene.trace, scene.events).demand_rps, scene.trace.step),
                       capacity)) {}

int Oracle::Decide(const PolicyView& view) {
  const auto at = std::min(static_cast<size_t>(view.now / step_), wanted_.size() - 1);
  return wanted_[at];
}

}  // namespace shadowd::sim
