#include "analysis/tolerance.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace shadowd::analysis {
namespace {

constexpr double kLearningRate = 0.05;

}  // namespace

double TunedTolerance(std::span<const double> past_relative_errors, double initial, double coverage) {
  const double target = std::clamp(coverage, 0.5, 0.99);
  std::vector<double> seen;  // sorted
  double drift = 0;
  double tolerance = std::clamp(initial, kToleranceMin, kToleranceMax);
  for (const double error : past_relative_errors) {
    if (!std::isfinite(error)) {
      continue;
    }
    const double magnitude = std::abs(error);
    drift += kLearningRate * ((magnitude > tolerance ? 1 : 0) - (1 - target));
    seen.insert(std::upper_bound(seen.begin(), seen.end(), magnitude), magnitude);
    const double rank = std::ceil(static_cast<double>(seen.size() + 1) * target);
    const bool enough = rank <= static_cast<double>(seen.size());
    const double quantile = enough ? seen[static_cast<size_t>(rank) - 1] : initial;
    tolerance = std::clamp(quantile * (1 + drift), kToleranceMin, kToleranceMax);
  }
  return tolerance;
}

}  // namespace shadowd::analysis
