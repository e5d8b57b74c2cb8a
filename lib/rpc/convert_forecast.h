// Forecasts between the domain and the API.
// Pure functions, any thread. FromProto(ToProto(x)) == x; a number or name that cannot be read is
// INVALID_ARGUMENT with the path of its field.
#pragma once

#include "base/status.h"
#include "model/forecast.h"
#include "shadowd/v1/forecasts.pb.h"

namespace shadowd::rpc {

void ToProto(const model::Forecast& forecast, v1::Forecast* out);
v1::Forecast ToProto(const model::Forecast& forecast);
StatusOr<model::Forecast> FromProto(const v1::Forecast& in);

}  // namespace shadowd::rpc
