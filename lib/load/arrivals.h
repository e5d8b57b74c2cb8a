// Arrival processes in operational time, and the clock that turns them into real time. An arrival process
// yields gaps of mean 1; a rate turns gaps into time: the next arrival is where the integral of the rate has
// grown by the gap (time rescaling; Cinlar 1975, "Introduction to Stochastic Processes", ch. 4), which is
// exact for any rate that can be integrated and wastes no draws. Poisson gaps stand for a balancer that picks
// at random; every n-th arrival of a Poisson stream, which is what round robin over n instances leaves for
// one, has Erlang-n gaps. Value types.
#pragma once

#include <optional>
#include <vector>

#include "base/rng.h"
#include "base/time.h"

namespace shadowd::load {

enum class ArrivalKind { kConstant, kPoisson, kErlang };

class Arrivals {
 public:
  // `order` is n of Erlang-n, at least 1; 1 is Poisson.
  Arrivals(ArrivalKind kind, int order, uint64_t seed);
  double NextGap();  // mean 1

 private:
  ArrivalKind kind_;
  int order_;
  Rng rng_;
};

// A rate that is linear between knots and constant outside them.
class RateCurve {
 public:
  struct Knot {
    double at_seconds = 0;
    double rate = 0;  // per second, >= 0
  };

  explicit RateCurve(double constant_rate) : knots_{{0, constant_rate}} {}
  // Knots ascend in time and there is at least one.
  explicit RateCurve(std::vector<Knot> knots);

  double RateAt(double seconds) const;
  // Arrivals that are expected from one time to a later one.
  double Between(double from, double to) const;
  // The time at which `units` more arrivals than at `from` are expected; nothing when the rate stays 0.
  std::optional<double> Advance(double from, double units) const;

 private:
  std::vector<Knot> knots_;
};

}  // namespace shadowd::load
