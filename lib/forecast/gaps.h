// Demand as models want it: transformed, and gaps filled with the value of one season before (or the last
// one).
#pragma once

#include <span>
#include <vector>

#include "forecast/transform.h"

namespace shadowd::forecast {

std::vector<double> Filled(std::span<const float> demand_rps, const Transform& transform, int season);

}  // namespace shadowd::forecast
