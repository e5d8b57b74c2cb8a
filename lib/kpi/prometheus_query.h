// The query API of Prometheus (/api/v1/query and /api/v1/query_range): what to ask, and what the answer says.
// Pure; any bytes are taken, and what is no answer is an error with the beginning of what came.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status.h"
#include "base/time.h"

namespace shadowd::kpi {

// Path and parameters, percent-encoded, to be put behind the server's own path.
std::string InstantQuery(std::string_view promql, WallTime at, Micros staleness);
std::string RangeQuery(std::string_view promql, WallTime from, WallTime to, Micros step);

// How many points one range query may have; Prometheus itself refuses more than 11,000.
inline constexpr int kRangePointsMax = 10'000;

// The value of an instant query: of a scalar, or of the only series of a vector. Nothing for an empty vector,
// for NaN and for infinity. INVALID_ARGUMENT for more than one series, and for an error that asking again
// will not mend (bad_data, execution); UNAVAILABLE for the others (timeout, unavailable) and for what is no
// answer of a Prometheus.
StatusOr<std::optional<double>> ParseInstant(std::string_view body);

// The points of a range query, ascending; what is not finite is left out. Empty where there is no series.
StatusOr<std::vector<std::pair<WallTime, double>>> ParseRange(std::string_view body);

}  // namespace shadowd::kpi
