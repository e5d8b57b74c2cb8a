// Seeded trials of the analysis engine on request streams: false alarms, power and the requests it takes.
// Each function is deterministic in its arguments.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bench/analysis_claims.h"

namespace shadowd::bench {

struct RunSize {
  int trials = 0;
  uint64_t seed = 0;
};

std::vector<FalseAlarms> RunFalseAlarms(RunSize size);
std::vector<Power> RunPower(RunSize size);
std::vector<Samples> RunSamples(RunSize size);

// The median requests until a right prediction of p95 is ACCURATE, as a multiple of one test at alpha .05.
struct CostFactor {
  std::string name;
  double factor = 0;
};
std::vector<CostFactor> RunCostFactors(RunSize size);

}  // namespace shadowd::bench
