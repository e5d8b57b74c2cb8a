// Histories from CSV files, as input/demand_rows.h reads them: a time and the demand. A row with "p95_us" or
// "cpu_cores" and either "load_rps" or "instances" is a point of the capacity curve as well; optional for it:
// p50_us, p99_us, error_rate, memory_bytes, requests. An empty cell is unknown. Pure function.
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
  std::vector<std::string> unused_columns;  // of names that mean nothing here
};

// `value_column` is that of the demand; "" means "value" or "rps". Errors are INVALID_ARGUMENT
// "file:line: ...". Times must rise.
StatusOr<CsvHistory> ParseHistory(std::string_view text, std::string_view file,
                                  const std::string& value_column = "");

}  // namespace shadowd::ctl
