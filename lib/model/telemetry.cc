#include "model/telemetry.h"

#include "base/check.h"

namespace shadowd::model {

const char* SeriesKpiName(SeriesKpi kpi) {
  switch (kpi) {
    case SeriesKpi::kRequests:
      return "REQUESTS";
    case SeriesKpi::kErrors:
      return "ERRORS";
    case SeriesKpi::kLatency:
      return "LATENCY";
    case SeriesKpi::kCpu:
      return "CPU";
    case SeriesKpi::kMemory:
      return "MEMORY";
    case SeriesKpi::kReplicas:
      return "REPLICAS";
  }
  SHADOWD_CHECK(false);
}

const char* SeriesKindName(SeriesKind kind) {
  switch (kind) {
    case SeriesKind::kAuto:
      return "AUTO";
    case SeriesKind::kGauge:
      return "GAUGE";
    case SeriesKind::kCounter:
      return "COUNTER";
    case SeriesKind::kHistogram:
      return "HISTOGRAM";
  }
  SHADOWD_CHECK(false);
}

const char* AccessLogFormatName(AccessLogFormat format) {
  switch (format) {
    case AccessLogFormat::kAuto:
      return "AUTO";
    case AccessLogFormat::kCommon:
      return "COMMON";
    case AccessLogFormat::kCombined:
      return "COMBINED";
    case AccessLogFormat::kJson:
      return "JSON";
  }
  SHADOWD_CHECK(false);
}

}  // namespace shadowd::model
