#include "model/kpi.h"

#include "base/check.h"

namespace shadowd::model {

const char* KpiName(KpiKind kind) {
  switch (kind) {
    case KpiKind::kLatencyP50:
      return "latency_p50_us";
    case KpiKind::kLatencyP95:
      return "latency_p95_us";
    case KpiKind::kLatencyP99:
      return "latency_p99_us";
    case KpiKind::kThroughput:
      return "throughput_ratio";
    case KpiKind::kErrorRate:
      return "error_rate";
    case KpiKind::kCpuPerRequest:
      return "cpu_us_per_request";
    case KpiKind::kMemory:
      return "memory_bytes";
  }
  SHADOWD_CHECK(false);
}

const char* KpiSourceName(KpiSource source) {
  switch (source) {
    case KpiSource::kProduction:
      return "PRODUCTION";
    case KpiSource::kMirrored:
      return "MIRRORED";
    case KpiSource::kSynthetic:
      return "SYNTHETIC";
  }
  SHADOWD_CHECK(false);
}

const Interval& KpiPrediction::Of(KpiKind kind) const {
  switch (kind) {
    case KpiKind::kLatencyP50:
      return p50_us;
    case KpiKind::kLatencyP95:
      return p95_us;
    case KpiKind::kLatencyP99:
      return p99_us;
    case KpiKind::kThroughput:
      return throughput_ratio;
    case KpiKind::kErrorRate:
      return error_rate;
    case KpiKind::kCpuPerRequest:
      return cpu_us_per_request;
    case KpiKind::kMemory:
      return memory_bytes;
  }
  SHADOWD_CHECK(false);
}

}  // namespace shadowd::model
