// Versions of the model, with all that was learnt, between the domain and the API.
// Pure functions, any thread. FromProto(ToProto(x)) == x; a number or name that cannot be read is
// INVALID_ARGUMENT with the path of its field.
#pragma once

#include "base/status.h"
#include "model/learnt.h"
#include "shadowd/v1/models.pb.h"

namespace shadowd::rpc {

void ToProto(const model::ModelVersion& version, v1::Model* out);
v1::Model ToProto(const model::ModelVersion& version);
StatusOr<model::ModelVersion> FromProto(const v1::Model& in);

void ToProto(const model::Learnt& learnt, v1::Learnt* out);
StatusOr<model::Learnt> FromProto(const v1::Learnt& in);

}  // namespace shadowd::rpc
