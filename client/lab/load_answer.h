// What a run of load came to: one JSON object (DESIGN's field names), a table with a plot of the percentiles,
// and a log that tools of HdrHistogram read. Pure functions.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "lab/rate_search.h"
#include "load/run_counts.h"

namespace shadowd::lab {

struct LoadAnswer {
  std::string url;
  load::RunCounts counts;
  double seconds = 0;  // that the rate is counted over
  double cpu_seconds = 0;
};

nlohmann::ordered_json ToJson(const LoadAnswer& answer);
std::string ToText(const LoadAnswer& answer);

// What a search found: max_rate, failed_rate (null = none), runs.
nlohmann::ordered_json ToJson(const RateSearch& search, const std::string& url, const std::string& slo);
std::string ToText(const RateSearch& search, const std::string& url, const std::string& slo);

// The percentile distribution ("Value Percentile TotalCount 1/(1-Percentile)", values in milliseconds), as
// HdrHistogram's plotter takes it.
std::string HdrDistribution(const series::Histogram& latency);

}  // namespace shadowd::lab
