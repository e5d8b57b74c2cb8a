// The demand of the demo: a day squeezed into minutes, from a trough to one peak and back, with noise that
// drifts over tens of seconds. The history that is imported and the traffic that is sent come from this one
// function of time, so that the past and the present of the demo are the same world. Pure: the same seed and
// epoch give the same curve.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>

#include "base/rng.h"

namespace shadowd::demo {

struct DayProfile {
  double trough_rps = 130;
  double peak_rps = 500;
  double day_seconds = 180;
  double noise =
      0.02;  // deviation of the drift; counting adds 1/sqrt(rps) to it in each second: 4.9 % at 500
  uint64_t seed = 1;
  double epoch = 0;  // Unix time of a trough

  // Expected requests per second at a Unix time, without the drift.
  double Expected(double at) const {
    const double x = (at - epoch) / day_seconds;
    const double turn = 2 * std::numbers::pi * (x - std::floor(x));
    // The warp makes the morning steeper than the evening.
    const double wave = 0.5 - 0.5 * std::cos(turn + 0.35 * std::sin(turn));
    return trough_rps + (peak_rps - trough_rps) * std::pow(wave, 1.15);
  }

  // The rate of the arrivals at a Unix time.
  double Rate(double at) const { return Expected(at) * std::max(0.1, 1 + noise * Drift(at)); }

 private:
  // Unit variance everywhere: normal knots every 12 s, blended with weights whose squares sum to one.
  double Drift(double at) const {
    constexpr double kKnotSeconds = 12;
    const double x = at / kKnotSeconds;
    const double left = std::floor(x);
    const double angle = (x - left) * std::numbers::pi / 2;
    return std::cos(angle) * Knot(left) + std::sin(angle) * Knot(left + 1);
  }
  double Knot(double index) const {
    Rng rng(seed ^ (static_cast<uint64_t>(static_cast<int64_t>(index)) * 0x9E3779B97F4A7C15ULL));
    return rng.Normal();
  }
};

}  // namespace shadowd::demo
