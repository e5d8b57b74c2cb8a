// A line of an access log: Common and Combined Log Format, and one JSON object a line. Pure; any bytes are
// taken.
#pragma once

#include <optional>
#include <string_view>

#include "base/status.h"
#include "model/telemetry.h"

namespace shadowd::kpi {

struct AccessLogEntry {
  int status = 0;                    // 100..599
  std::optional<double> latency_us;  // >= 0
};

// INVALID_ARGUMENT with the beginning of a line that is not of this format. AUTO: JSON where it begins with
// "{", else Common or Combined. Of Combined, what follows the agent may begin with the seconds that the
// request took.
StatusOr<AccessLogEntry> ParseAccessLog(std::string_view line, model::AccessLogFormat format);

}  // namespace shadowd::kpi
