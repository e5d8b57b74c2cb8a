// The one place that enforces the field behaviours of the API (proto/shadowd/v1/options.proto), by
// descriptors, for every message alike. Pure functions, any thread. Errors are INVALID_ARGUMENT and name the
// path of the field as an update mask would ("service.bounds.min", "samples[3].demand").
#pragma once

#include <string>
#include <vector>

#include "base/status.h"

namespace google::protobuf {
class FieldDescriptor;
class FieldMask;
class Message;
}  // namespace google::protobuf

namespace shadowd::rpc {

bool IsOutputOnly(const google::protobuf::FieldDescriptor& field);

// What every handler calls first: clears output-only fields at any depth, then refuses a request in which a
// required field is missing. A request with an update_mask carries a partial resource: of it only the name is
// required.
Status PrepareRequest(google::protobuf::Message* request);

// The two halves, for whole resources. Reason REQUIRED_FIELD_MISSING.
Status CheckRequired(const google::protobuf::Message& message);
void ClearOutputOnly(google::protobuf::Message* message);

// Applies `patch` to `target` (the stored resource, same type). No mask (nullptr or no paths) = what is
// populated in the patch; "*" = replacement of all but the name and output-only fields. Output-only paths are
// ignored; unknown paths (UNKNOWN_MASK_PATH) and names or immutable fields (IMMUTABLE_FIELD) are refused, and
// then the target is unchanged. A message, map or list that a path names is replaced as a whole.
Status ApplyUpdate(const google::protobuf::Message& patch, const google::protobuf::FieldMask* mask,
                   google::protobuf::Message* target);

// Paths of all populated fields that a caller may set; messages are descended into.
std::vector<std::string> PopulatedPaths(const google::protobuf::Message& message);

}  // namespace shadowd::rpc
