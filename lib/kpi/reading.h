// What a source says of a whole service over a while, and the window that the control core takes. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "base/time.h"
#include "model/kpi.h"

namespace shadowd::kpi {

// Quantiles of latency, ascending in both: {0.5, 12000 us} ...
using LatencyQuantiles = std::vector<std::pair<double, double>>;

// Nothing where the source is silent: what is missing is never zero.
struct Reading {
  WallTime start;
  Micros length{0};
  std::optional<double> demand_rps;
  std::optional<double> error_ratio;  // errors over answers, 0..1
  LatencyQuantiles latency_us;
  std::optional<double> cpu_cores;     // of all instances together
  std::optional<double> memory_bytes;  // of all instances together
  std::optional<double> replicas;      // that serve
  bool operator==(const Reading&) const = default;
};

// Finite, not negative, and where it is a share at most one; else nothing.
std::optional<double> Plausible(std::optional<double> value, double most = 1e15);

// The window of a reading with demand. Latencies are not those of requests: they are values at even ranks of
// the quantiles, joined by straight lines, at most kLatencyRanks of them and as many as there were requests,
// in an order without runs; so p50, p95 and p99 of the window are what the source said.
inline constexpr size_t kLatencyRanks = 200;
model::KpiWindow WindowOf(const Reading& reading);

}  // namespace shadowd::kpi
