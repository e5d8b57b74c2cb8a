// Confidence coefficients per horizon block and the error's sigma. Each block's k+ and k- follow the outcome
// of the forecasts that were made for its probe step, when that step comes: k += eta * (miss - alpha / 2). So
// the long-run share of misses on each side tends to alpha / 2 whatever the errors' distribution. Value type.
#pragma once

#include <cstdint>
#include <deque>
#include <span>
#include <vector>

#include "forecast/blocks.h"

namespace shadowd::forecast {

class Limits {
 public:
  Limits() = default;
  Limits(int horizon, double coverage, double sigma, std::vector<BlockLimits> start);

  // New coefficients from a fit; those that were learnt since the last one count three quarters.
  void Adopt(double sigma, const std::vector<BlockLimits>& fitted);
  // A forecast for the steps after last_step was made.
  void Remember(int64_t last_step, std::span<const double> path);
  // The truth of `step` has come; `expected` is what the step before it predicted.
  struct Outcome {
    double error = 0;  // in sigmas
    bool held = true;
  };
  Outcome Observe(int64_t step, double expected, double truth);
  void Skip(int64_t step);  // nothing was measured

  // Margins over the horizon in the transformed scale; they never shrink with h.
  void Margins(double widening, std::vector<double>& up, std::vector<double>& down) const;
  double sigma() const { return sigma_; }
  const std::vector<BlockLimits>& blocks() const { return k_; }

 private:
  struct Pending {
    int64_t step = 0;
    double expected = 0;
    double sigma = 0;
  };
  int horizon_ = 1;
  double miss_ = 0.025;  // wanted on each side
  double sigma_ = 0;
  std::vector<BlockLimits> k_;
  std::vector<std::deque<Pending>> pending_;  // per block; as long as its probe step is far
};

}  // namespace shadowd::forecast
