#include "forecast/gaps.h"

#include <algorithm>
#include <cmath>

namespace shadowd::forecast {

std::vector<double> Filled(std::span<const float> demand_rps, const Transform& transform, int season,
                           size_t room) {
  const auto present =
      std::find_if(demand_rps.begin(), demand_rps.end(), [](float v) { return !std::isnan(v); });
  if (present == demand_rps.end()) {
    return {};
  }
  std::vector<double> z;
  z.reserve(demand_rps.size() + room);
  z.resize(demand_rps.size());
  transform.ForwardAll(demand_rps, z.data());
  const auto back = static_cast<size_t>(std::max(1, season));
  for (size_t t = 0; t < z.size(); ++t) {
    if (std::isnan(demand_rps[t])) {
      z[t] = t >= back ? z[t - back] : t > 0 ? z[t - 1] : transform.Forward(static_cast<double>(*present));
    }
  }
  return z;
}

}  // namespace shadowd::forecast
