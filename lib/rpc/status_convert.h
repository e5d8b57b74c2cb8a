// absl::Status <-> grpc::Status. On the wire an error carries a google.rpc.Status with one ErrorInfo: a
// stable reason, the domain "shadowd" and, where one is at fault, metadata "field". Pure functions, any
// thread.
#pragma once

#include <string>

#include "base/status.h"

namespace grpc {
class Status;
}

namespace shadowd::rpc {

inline constexpr const char* kErrorDomain = "shadowd";

grpc::Status ToGrpc(const Status& status);
// Takes details that are missing, foreign or damaged as absent: code and message always arrive.
Status FromGrpc(const grpc::Status& status);

// The reason attached to an error, or the one its code stands for ("NOT_FOUND"). "" when ok.
std::string StableReason(const Status& status);

}  // namespace shadowd::rpc
