// The sums of the windows that count, in bounded memory. Owned by an ArmRecord; value type.
#pragma once

#include <cstdint>
#include <optional>

#include "analysis/latency_record.h"
#include "analysis/ratio_record.h"
#include "model/kpi.h"

namespace shadowd::analysis {

struct WindowTotals {
  void Add(const model::KpiWindow& window);

  std::optional<model::Interval> Memory() const;  // mean, smallest and largest

  LatencyRecord latency;
  int windows = 0;
  uint64_t offered = 0, completed = 0, mirrored = 0;
  double seconds = 0;
  RatioRecord errors;   // per completed request
  RatioRecord cpu;      // seconds per completed request, of the windows whose CPU is known
  double cpu_time = 0;  // length of those windows
  int memory_windows = 0;
  double memory_sum = 0, memory_low = 0, memory_high = 0;
};

}  // namespace shadowd::analysis
