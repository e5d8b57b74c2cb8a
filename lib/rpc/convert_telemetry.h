// Sources of telemetry and rules between the domain and the API; for convert_service and config. Pure
// functions, any thread.
#pragma once

#include <vector>

#include "base/status.h"
#include "model/telemetry.h"
#include "shadowd/v1/telemetry_spec.pb.h"

namespace shadowd::rpc {

void WriteSpec(const model::TelemetrySpec& part, v1::TelemetrySpec* out);
Status ReadSpec(const v1::TelemetrySpec& in, model::TelemetrySpec& part);

void WriteRule(const model::KpiRule& rule, v1::KpiRule* out);
StatusOr<std::vector<model::KpiRule>> ReadRules(const google::protobuf::RepeatedPtrField<v1::KpiRule>& in);

}  // namespace shadowd::rpc
