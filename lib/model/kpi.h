// What is measured of a replica or of the whole service in one window, and what is predicted for it.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "base/time.h"

namespace shadowd::model {

enum class KpiKind {
  kLatencyP50,
  kLatencyP95,
  kLatencyP99,
  kThroughput,
  kErrorRate,
  kCpuPerRequest,
  kMemory
};
inline constexpr std::array kAllKpis = {KpiKind::kLatencyP50, KpiKind::kLatencyP95, KpiKind::kLatencyP99,
                                        KpiKind::kThroughput, KpiKind::kErrorRate,  KpiKind::kCpuPerRequest,
                                        KpiKind::kMemory};

// "latency_p50_us", "latency_p95_us", "latency_p99_us", "throughput_ratio", "error_rate",
// "cpu_us_per_request", "memory_bytes".
const char* KpiName(KpiKind kind);

// Latencies of one window in the order of completion, in microseconds, so that the analysis sees correlation.
// Bounded by the producer (kMaxSamples); `completed` counts those that did not fit as well.
inline constexpr size_t kMaxLatencySamples = 20'000;

// One window (normally one second) of one replica, as its measurer saw it.
struct KpiWindow {
  WallTime start;
  Micros length{0};
  uint64_t offered = 0;    // requests that were due in the window
  uint64_t completed = 0;  // answered, well or badly
  uint64_t errors = 0;     // 5xx, timeouts, resets, refused
  std::vector<uint32_t> latency_us;
  double cpu_seconds = 0;   // consumed in the window; < 0 when unknown
  double memory_bytes = 0;  // resident, at the end; < 0 when unknown
  // What makes a window void for a shadow.
  double run_delay_seconds = 0;  // time spent runnable but not running (schedstat)
  uint64_t throttled_periods = 0;
  double send_lag_p99_us = 0;  // how late the generator itself was
  uint64_t mirrored = 0;       // of `offered`, copies of real requests
  uint64_t synthetic = 0;      // of `offered`, generated

  bool operator==(const KpiWindow&) const = default;
};

struct Interval {
  double expected = 0;
  double low = 0;
  double high = 0;

  bool operator==(const Interval&) const = default;
};

// The five KPIs predicted for one instance at one load: latency quantiles, throughput, errors, CPU, memory.
struct KpiPrediction {
  double load_rps = 0;
  Interval p50_us, p95_us, p99_us;
  Interval throughput_ratio;  // completed / offered
  Interval error_rate;
  Interval cpu_us_per_request;
  Interval memory_bytes;
  bool extrapolated = false;  // outside the loads that were measured
  bool known = false;         // false: the curve has too little data to predict anything

  const Interval& Of(KpiKind kind) const;
  bool operator==(const KpiPrediction&) const = default;
};

// Where a measurement comes from; the curve trusts production most.
enum class KpiSource { kProduction, kMirrored, kSynthetic };
const char* KpiSourceName(KpiSource source);  // "PRODUCTION" ...

// One point of the capacity curve: what an instance showed at a load. Latencies < 0 mean unknown.
struct CapacityPoint {
  WallTime at;
  std::string version;
  KpiSource source = KpiSource::kProduction;
  int instances = 0;  // production replicas that shared dependencies while this was measured
  double load_rps = 0;
  double requests = 0;  // sample size behind it
  double p50_us = -1, p95_us = -1, p99_us = -1;
  double throughput_ratio = 1;
  double error_rate = 0;
  double cpu_cores = -1;  // CPU seconds per second
  double memory_bytes = -1;

  bool operator==(const CapacityPoint&) const = default;
};

}  // namespace shadowd::model
