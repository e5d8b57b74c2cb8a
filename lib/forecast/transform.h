// The scale in which models work. Demand that stays well above zero is modelled as its logarithm, since its
// noise grows with it; anything else as it is.
#pragma once

#include <algorithm>
#include <cmath>
#include <span>

namespace shadowd::forecast {

struct Transform {
  bool log = false;
  double floor = 0;  // with log: smaller demand counts as this much

  double Forward(double rps) const { return log ? std::log(std::max(rps, floor)) : rps; }
  double Backward(double z) const { return log ? std::exp(std::min(z, 80.0)) : std::max(0.0, z); }
  // Of a lower limit: all demand up to the floor looks alike, so a limit there promises nothing above zero.
  double BackwardLower(double z) const { return log && z <= std::log(floor) ? 0.0 : Backward(z); }
  bool operator==(const Transform&) const = default;
};

// NaN marks gaps. Looks at the small quantiles and not at the minimum, so that one outage does not decide.
Transform ChooseTransform(std::span<const float> demand_rps);

}  // namespace shadowd::forecast
