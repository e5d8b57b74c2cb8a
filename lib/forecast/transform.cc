#include "forecast/transform.h"

#include <vector>

namespace shadowd::forecast {

void Transform::ForwardAll(std::span<const float> rps, double* z) const {
  const float* const from = rps.data();
  const size_t n = rps.size();
  if (!log) {
    std::copy_n(from, n, z);
    return;
  }
  const auto least = static_cast<float>(floor);
  for (size_t i = 0; i < n; ++i) {
    z[i] = static_cast<double>(QuickLog(from[i] < least ? least : from[i]));
  }
}

Transform ChooseTransform(std::span<const float> demand_rps) {
  std::vector<double> sorted;
  sorted.reserve(demand_rps.size());
  for (const float v : demand_rps) {
    if (!std::isnan(v)) {
      sorted.push_back(v);
    }
  }
  if (sorted.empty()) {
    return {};
  }
  std::sort(sorted.begin(), sorted.end());
  const double low = sorted[sorted.size() / 50];
  const double median = sorted[sorted.size() / 2];
  // Counts below ten or so have noise that does not grow with the level, and zeros have no logarithm.
  if (low <= 0.03 * median || low <= 0) {
    return {};
  }
  return {.log = true, .floor = 0.25 * low};
}

}  // namespace shadowd::forecast
