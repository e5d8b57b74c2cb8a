#include "base/status.h"

#include <cerrno>
#include <cstring>

namespace shadowd {
namespace {

constexpr const char* kReasonUrl = "shadowd/reason";
constexpr const char* kFieldUrl = "shadowd/field";

std::string Payload(const Status& status, const char* url) {
  const auto payload = status.GetPayload(url);
  return payload.has_value() ? std::string(*payload) : std::string();
}

absl::StatusCode CodeOf(int error_number) {
  switch (error_number) {
    case ENOENT:
      return absl::StatusCode::kNotFound;
    case EEXIST:
    case EADDRINUSE:
      return absl::StatusCode::kAlreadyExists;
    case EACCES:
    case EPERM:
      return absl::StatusCode::kPermissionDenied;
    case ENOMEM:
    case EMFILE:
    case ENFILE:
    case ENOSPC:
      return absl::StatusCode::kResourceExhausted;
    case ETIMEDOUT:
      return absl::StatusCode::kDeadlineExceeded;
    case ECONNREFUSED:
    case ECONNRESET:
    case EPIPE:
    case EAGAIN:
      return absl::StatusCode::kUnavailable;
    case EINVAL:
    case ENAMETOOLONG:
      return absl::StatusCode::kInvalidArgument;
    default:
      return absl::StatusCode::kInternal;
  }
}

}  // namespace

Status MakeStatus(absl::StatusCode code, const std::string& message) { return Status(code, message); }

Status WithReason(Status status, std::string_view reason) {
  status.SetPayload(kReasonUrl, absl::Cord(std::string(reason)));
  return status;
}

Status WithField(Status status, std::string_view field) {
  status.SetPayload(kFieldUrl, absl::Cord(std::string(field)));
  return status;
}

std::string ReasonOf(const Status& status) { return Payload(status, kReasonUrl); }
std::string FieldOf(const Status& status) { return Payload(status, kFieldUrl); }

std::string MessageOf(const Status& status) { return std::string(status.message()); }

Status Annotate(const Status& status, std::string_view context) {
  if (status.ok()) {
    return status;
  }
  Status annotated(status.code(), fmt::format("{}: {}", context, MessageOf(status)));
  if (const std::string reason = ReasonOf(status); !reason.empty()) {
    annotated = WithReason(std::move(annotated), reason);
  }
  if (const std::string field = FieldOf(status); !field.empty()) {
    annotated = WithField(std::move(annotated), field);
  }
  return annotated;
}

Status ErrnoStatus(int error_number, std::string_view what) {
  return MakeStatus(CodeOf(error_number), fmt::format("{}: {}", what, std::strerror(error_number)));
}

}  // namespace shadowd
