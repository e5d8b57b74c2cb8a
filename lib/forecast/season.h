// Finds the seasons of a series from its autocorrelation.
#pragma once

#include <span>
#include <vector>

#include "base/time.h"

namespace shadowd::forecast {

// z has no gaps. Day and week are tried first where the step divides them, then the highest peaks of the
// autocorrelation; every candidate needs two whole seasons of data. At most two, ascending.
std::vector<int> FindSeasons(std::span<const double> z, Micros step);

}  // namespace shadowd::forecast
