// Service level objectives as people write them on a command line. Pure functions.
#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "model/service.h"

namespace shadowd::lab {

// "p95_us<=50000", "error_rate<=0.01", joined by commas or given one by one. One latency condition (p50_us,
// p95_us or p99_us) is needed; the error rate is 0.01 unless said.
StatusOr<model::Slo> ParseSlo(const std::vector<std::string>& conditions);

// "p95" of 0.95.
std::string QuantileName(double quantile);

}  // namespace shadowd::lab
