// The linear models that a fit tries: which lags and harmonics, given the seasons and how much data there is.
#pragma once

#include <cstddef>
#include <vector>

#include "forecast/linear_model.h"

namespace shadowd::forecast {

// Every candidate leaves at least three rows a weight when it is trained on `train` steps.
std::vector<Features> Candidates(const std::vector<int>& seasons, size_t train);

}  // namespace shadowd::forecast
