// Trains the members of a combination: each is chosen and tried on the rolling origins as trained before
// them, and trained anew on everything. Pure functions on values.
#pragma once

#include <span>
#include <vector>

#include "forecast/linear_model.h"
#include "forecast/rolling.h"
#include "forecast/smoothing.h"

namespace shadowd::forecast {

struct LinearMember {
  LinearModel whole;  // trained on everything
  Paths paths;        // of the one that was trained before the origins
  double sigma = 0;   // of its one-step errors, on the training part
};
// With the ridge penalty whose paths err least.
LinearMember TrainLinear(const Rolling& rolling, const Features& features);

struct SmoothingMember {
  Smoothing whole;
  Paths paths;
};
// With the gains whose paths err least. `sigma` bounds what an outlier teaches.
SmoothingMember TrainSmoothing(const Rolling& rolling, std::span<const int> seasons, double sigma);

}  // namespace shadowd::forecast
