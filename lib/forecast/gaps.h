// Demand as models want it: transformed, and gaps filled with the value of one season before (or the last
// one).
#pragma once

#include <span>
#include <vector>

#include "forecast/transform.h"

namespace shadowd::forecast {

// `room` is reserved behind it.
std::vector<double> Filled(std::span<const float> demand_rps, const Transform& transform, int season,
                           size_t room = 0);

}  // namespace shadowd::forecast
