// Production instances and shadows between the domain and the API.
// Pure functions, any thread. FromProto(ToProto(x)) == x; a number or name that cannot be read is
// INVALID_ARGUMENT with the path of its field.
#pragma once

#include "base/status.h"
#include "model/replica.h"
#include "shadowd/v1/services.pb.h"
#include "shadowd/v1/shadows.pb.h"

namespace shadowd::rpc {

void ToProto(const model::Instance& instance, v1::Instance* out);
v1::Instance ToProto(const model::Instance& instance);
StatusOr<model::Instance> FromProto(const v1::Instance& in);

void ToProto(const model::Shadow& shadow, v1::Shadow* out);
v1::Shadow ToProto(const model::Shadow& shadow);
StatusOr<model::Shadow> FromProto(const v1::Shadow& in);

}  // namespace shadowd::rpc
