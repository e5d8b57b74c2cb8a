// Fits of the capacity curve to three levels of simulated M/G/c servers, scored at a load between them of
// which a long simulation knows the truth. Deterministic in its arguments.
#pragma once

#include <cstdint>

#include "bench/analysis_claims.h"

namespace shadowd::bench {

// `servers` of one to sixteen slots and different service times, each measured `repeats` times.
CurveFigures RunCurve(int servers, int repeats, uint64_t seed);

}  // namespace shadowd::bench
