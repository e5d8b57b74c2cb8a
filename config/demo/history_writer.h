// Writes the demo's past: what a monitoring system would have kept of the days before the demo begins, from
// the same day profile as its traffic. Demand alone, or, with a table of what one instance was measured to do
// at some loads, also what the instances of those days showed. Deterministic for a seed.
#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "day_profile.h"

namespace shadowd::demo {

struct MeasuredPoint {  // of one instance
  double load_rps = 0, p50_us = 0, p95_us = 0, p99_us = 0, error_rate = 0, cpu_cores = 0, memory_bytes = 0;
};

// CSV with the columns load_rps, p50_us, p95_us, p99_us, error_rate, cpu_cores and memory_bytes, in any
// order, ascending loads not needed. INVALID_ARGUMENT names file, line and column.
StatusOr<std::vector<MeasuredPoint>> ReadMeasured(const std::string& file);

struct HistoryOptions {
  int days = 7;
  double end = 0;  // Unix time
  std::string out;
  double load_planned_rps = 125;  // per instance: how production was sized by hand in the past
  int instances_min = 2;
  int instances_max = 8;
};

// One row a second: time,rps[,instances,load_rps,p50_us,p95_us,p99_us,error_rate,cpu_cores,memory_bytes]. The
// counts are Poisson, as a second of traffic is.
Status WriteHistory(const DayProfile& profile, const HistoryOptions& options,
                    std::vector<MeasuredPoint> measured);

}  // namespace shadowd::demo
