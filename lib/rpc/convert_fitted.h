// Fitted forecast models between the domain and the API.
// Pure functions, any thread. FromProto(ToProto(x)) == x; a time that cannot be read is INVALID_ARGUMENT with
// the path of its field.
#pragma once

#include "base/status.h"
#include "model/learnt.h"
#include "shadowd/v1/models.pb.h"

namespace shadowd::rpc {

void ToProto(const model::FittedForecast& forecast, v1::FittedForecast* out);
StatusOr<model::FittedForecast> FromProto(const v1::FittedForecast& in);

}  // namespace shadowd::rpc
