// KPI windows, predictions and capacity points between the domain and the API.
// Pure functions, any thread. FromProto(ToProto(x)) == x; a number or name that cannot be read is
// INVALID_ARGUMENT with the path of its field.
#pragma once

#include "base/status.h"
#include "model/kpi.h"
#include "shadowd/v1/kpi.pb.h"

namespace shadowd::rpc {

void ToProto(const model::KpiWindow& window, v1::KpiWindow* out);
StatusOr<model::KpiWindow> FromProto(const v1::KpiWindow& in);

void ToProto(const model::KpiPrediction& prediction, v1::KpiPrediction* out);
model::KpiPrediction FromProto(const v1::KpiPrediction& in);

// Unknown values (< 0) of the domain are absent fields.
void ToProto(const model::CapacityPoint& point, v1::CapacityPoint* out);
StatusOr<model::CapacityPoint> FromProto(const v1::CapacityPoint& in);

}  // namespace shadowd::rpc
