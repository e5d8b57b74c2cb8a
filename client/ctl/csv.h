// Histories from CSV files. The first line names the columns; needed are a time ("time" or "timestamp": Unix
// seconds or RFC 3339) and "rps". A row with "p95_us" or "cpu_cores" and either "load_rps" or "instances" is
// a point of the capacity curve as well; optional for it: p50_us, p99_us, error_rate, memory_bytes, requests.
// An empty cell is unknown. Pure function.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "shadowd/v1/telemetry.pb.h"

namespace shadowd::ctl {

struct CsvHistory {
  std::vector<v1::DemandSample> demand;
  std::vector<v1::CapacityPoint> points;
};

// Errors are INVALID_ARGUMENT "file:line: ...". Times must rise.
StatusOr<CsvHistory> ParseHistory(std::string_view text, std::string_view file);

}  // namespace shadowd::ctl
