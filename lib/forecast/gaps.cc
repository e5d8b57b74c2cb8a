#include "forecast/gaps.h"

#include <algorithm>
#include <cmath>

namespace shadowd::forecast {

std::vector<double> Filled(std::span<const float> demand_rps, const Transform& transform, int season) {
  const auto present =
      std::find_if(demand_rps.begin(), demand_rps.end(), [](float v) { return !std::isnan(v); });
  if (present == demand_rps.end()) {
    return {};
  }
  std::vector<double> z(demand_rps.size());
  const auto back = static_cast<size_t>(std::max(1, season));
  double last = transform.Forward(*present);
  for (size_t t = 0; t < z.size(); ++t) {
    if (!std::isnan(demand_rps[t])) {
      last = z[t] = transform.Forward(demand_rps[t]);
    } else {
      z[t] = t >= back ? z[t - back] : last;
    }
  }
  return z;
}

}  // namespace shadowd::forecast
