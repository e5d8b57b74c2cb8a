// Rows of demand as a script writes them: "RPS" for now, or "TIME,RPS". Pure but for the clock that it is
// given.
#pragma once

#include <optional>
#include <string_view>

#include "base/status.h"
#include "base/time.h"
#include "shadowd/v1/telemetry.pb.h"

namespace shadowd::ctl {

// Nothing for an empty line and for one that begins with "#". INVALID_ARGUMENT "line N: ...".
StatusOr<std::optional<v1::DemandSample>> ParseReportRow(std::string_view row, int line, WallTime now);

}  // namespace shadowd::ctl
