// What a caller chooses about a service's forecast; the rest is found from the data.
#pragma once

#include <vector>

#include "base/time.h"

namespace shadowd::forecast {

struct Options {
  Micros step{60'000'000};
  std::vector<int> seasons;  // in steps; empty = found
  int horizon_steps = 60;
  double coverage = 0.95;  // share of demand that shall fall between the limits
};

}  // namespace shadowd::forecast
