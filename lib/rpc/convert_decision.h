// Decisions between the domain and the API.
// Pure functions, any thread. FromProto(ToProto(x)) == x; a number or name that cannot be read is
// INVALID_ARGUMENT with the path of its field.
#pragma once

#include "base/status.h"
#include "model/decision.h"
#include "shadowd/v1/decisions.pb.h"

namespace shadowd::rpc {

void ToProto(const model::Decision& decision, v1::Decision* out);
v1::Decision ToProto(const model::Decision& decision);
StatusOr<model::Decision> FromProto(const v1::Decision& in);

}  // namespace shadowd::rpc
