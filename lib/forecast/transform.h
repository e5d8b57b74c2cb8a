// The scale in which models work. Demand that stays well above zero is modelled as its logarithm, since its
// noise grows with it; anything else as it is.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <span>

namespace shadowd::forecast {

// Of a positive, normal number, to the precision of a float: the exponent, and the series of
// log((1 + s) / (1 - s)) = 2 (s + s^3 / 3 + ...) for what is left, which lies between 1 / sqrt 2 and sqrt 2.
inline float QuickLog(float x) {
  constexpr int32_t kRootHalf = 0x3f3504f3;
  const int32_t above = std::bit_cast<int32_t>(x) - kRootHalf;
  const int32_t exponent = above >> 23;
  const float m = std::bit_cast<float>((above & 0x007fffff) + kRootHalf);
  const float s = (m - 1) / (m + 1), t = s * s;
  const float series = s * (2 + t * (2 / 3.0F + t * (2 / 5.0F + t * (2 / 7.0F + t * (2 / 9.0F)))));
  return static_cast<float>(exponent) * 0.69314718F + series;
}

struct Transform {
  bool log = false;
  double floor = 0;  // with log: smaller demand counts as this much

  double Forward(double rps) const { return log ? std::log(std::max(rps, floor)) : rps; }
  // As exact as what was measured is kept, and cheap: it is done for thousands of steps at each new one.
  void ForwardAll(std::span<const float> rps, double* z) const;
  double Backward(double z) const { return log ? std::exp(std::min(z, 80.0)) : std::max(0.0, z); }
  // Of a lower limit: all demand up to the floor looks alike, so a limit there promises nothing above zero.
  double BackwardLower(double z) const { return log && z <= std::log(floor) ? 0.0 : Backward(z); }
  bool operator==(const Transform&) const = default;
};

// NaN marks gaps. Looks at the small quantiles and not at the minimum, so that one outage does not decide.
Transform ChooseTransform(std::span<const float> demand_rps);

}  // namespace shadowd::forecast
