#include "rpc/status_convert.h"

#include <grpcpp/support/status.h>

#include "rpc/convert_basic.h"
#include "shadowd/v1/common.pb.h"

namespace shadowd::rpc {
namespace {

constexpr const char* kErrorInfoUrl = "type.googleapis.com/google.rpc.ErrorInfo";
constexpr const char* kFieldKey = "field";
// Trailers travel as HTTP/2 headers, of which peers accept 8 KiB in all.
constexpr size_t kMessageBytesMax = 2048;

}  // namespace

std::string StableReason(const Status& status) {
  if (status.ok()) {
    return "";
  }
  const std::string reason = ReasonOf(status);
  return reason.empty() ? absl::StatusCodeToString(status.code()) : reason;
}

grpc::Status ToGrpc(const Status& status) {
  if (status.ok()) {
    return grpc::Status::OK;
  }
  v1::ErrorInfo info;
  info.set_reason(StableReason(status));
  info.set_domain(kErrorDomain);
  if (const std::string field = FieldOf(status); !field.empty()) {
    (*info.mutable_metadata())[kFieldKey] = Utf8(field.substr(0, kMessageBytesMax));
  }
  const std::string message = Utf8(MessageOf(status).substr(0, kMessageBytesMax));
  v1::StatusDetails details;
  details.set_code(static_cast<int>(status.code()));
  details.set_message(message);
  auto* detail = details.add_details();
  detail->set_type_url(kErrorInfoUrl);
  detail->set_value(info.SerializeAsString());
  return {static_cast<grpc::StatusCode>(status.code()), message, details.SerializeAsString()};
}

Status FromGrpc(const grpc::Status& status) {
  if (status.ok()) {
    return absl::OkStatus();
  }
  Status result = MakeStatus(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
  v1::StatusDetails details;
  if (!details.ParseFromString(status.error_details())) {
    return result;
  }
  for (const auto& detail : details.details()) {
    v1::ErrorInfo info;
    if (detail.type_url() != kErrorInfoUrl || !info.ParseFromString(detail.value()) ||
        info.domain() != kErrorDomain) {
      continue;
    }
    result = WithReason(std::move(result), info.reason());
    if (const auto field = info.metadata().find(kFieldKey); field != info.metadata().end()) {
      result = WithField(std::move(result), field->second);
    }
    break;
  }
  return result;
}

}  // namespace shadowd::rpc
