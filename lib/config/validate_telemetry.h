// Every range of what production is measured by, and of the rules by which series become KPIs. Pure
// functions, any thread; INVALID_ARGUMENT with the field.
#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "model/telemetry.h"

namespace shadowd::config {

Status ValidateTelemetry(const model::TelemetrySpec& telemetry);
// `for_daemon`: rules name their services.
Status ValidateRules(const std::string& field, const std::vector<model::KpiRule>& rules, bool for_daemon);

}  // namespace shadowd::config
