// Forecasts of the past from rolling origins. Models that were trained on what lies before the first origin
// forecast from each of them and learn, step by step, what came up to the next, as they would have done
// online; nothing sees what follows it. Pure functions on values.
#pragma once

#include <cstdint>
#include <vector>

#include "forecast/combination.h"

namespace shadowd::forecast {

struct Rolling {
  std::vector<double> z;  // transformed, without gaps
  int64_t first_step = 0;
  int horizon = 1;
  size_t train = 0;             // steps before the first origin's future
  std::vector<size_t> origins;  // last known position of each
  size_t changed = 0;           // first position of what demand is like now; 0 = the same all along

  int64_t LabelOf(size_t at) const { return first_step + static_cast<int64_t>(at); }
};

// The held-out part is the longest season or five horizons, and at most a third.
Rolling PlaceOrigins(std::vector<double> z, int64_t first_step, int horizon, int longest_season);

struct Paths {
  std::vector<std::vector<double>> from;  // each origin; shorter where the data end
  std::vector<double> next;  // what was expected of each step of the held-out part, one step before
  double error = 0;          // mean absolute, over the paths
};

// Paths of a combination's first member. `sigma` of its one-step errors bounds what an outlier teaches; where
// it is 0 nothing is learnt on the way.
Paths Roll(const Rolling& rolling, Combination single, double sigma);
// Mean absolute errors of the paths from every `every`-th origin, and the mean of these: enough to choose
// between models.
std::vector<double> ErrorsOf(const Rolling& rolling, Combination single, double sigma, size_t every);
double ErrorOf(const Rolling& rolling, Combination single, double sigma, size_t every);

// Iterated forecasts stay near the range of the training part.
void WidenToTraining(const Rolling& rolling, Combination& combination);

}  // namespace shadowd::forecast
