// OpenTelemetry metrics (OTLP): an ExportMetricsServiceRequest, and the answer to one. Gauges, sums,
// histograms, exponential histograms and summaries, cumulative and as differences. Attributes of a point go
// before those of its resource. Pure; any bytes are taken.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/status.h"
#include "kpi/push_decoder.h"

namespace shadowd::kpi {

// INVALID_ARGUMENT for malformed bytes; what came before was handed over. A summary's count is the series
// "NAME_count", its quantiles have the label "quantile".
Status ReadOtlp(std::string_view message, SampleTaker& taker);

// An ExportMetricsServiceResponse; without refused points its partial success is unset.
std::string OtlpAnswer(int64_t refused, std::string_view why);

}  // namespace shadowd::kpi
