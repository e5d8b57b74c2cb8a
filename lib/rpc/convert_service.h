// A service between the domain and the API (and its bytes in the store).
// Pure functions, any thread. FromProto(ToProto(x)) == x; a number or name that cannot be read is
// INVALID_ARGUMENT with the path of its field.
#pragma once

#include "base/status.h"
#include "model/service.h"
#include "shadowd/v1/services.pb.h"

namespace shadowd::rpc {

// Writes the specification and the name; output-only fields stay as they are.
void ToProto(const model::ServiceSpec& spec, v1::Service* out);
void ToProto(const model::Service& service, v1::Service* out);
v1::Service ToProto(const model::Service& service);
void ToProto(const model::InstanceTemplate& instance, v1::InstanceTemplate* out);

// What is absent has its documented default. Ranges are not checked here (config/validate_service.h does).
StatusOr<model::ServiceSpec> SpecFromProto(const v1::Service& in);
StatusOr<model::Service> FromProto(const v1::Service& in);
StatusOr<model::InstanceTemplate> FromProto(const v1::InstanceTemplate& in);

}  // namespace shadowd::rpc
