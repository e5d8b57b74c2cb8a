// Errors. absl::Status is the only error channel of this code base; the code is chosen at the origin, from
// the caller's view. Each error may carry a stable reason (UPPER_SNAKE) and the name of the offending field;
// both travel as payloads to the RPC edge, where they become error details. Messages are fmt-formatted
// std::string, since this abseil's string_view does not mix with the standard one.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>

namespace shadowd {

using absl::Status;
using absl::StatusOr;

Status MakeStatus(absl::StatusCode code, const std::string& message);

// Attaches, replaces or reads the stable reason ("PORT_TAKEN") and the field ("template.argv"). Empty when
// absent.
Status WithReason(Status status, std::string_view reason);
Status WithField(Status status, std::string_view field);
std::string ReasonOf(const Status& status);
std::string FieldOf(const Status& status);

// The same error with "context: " in front of its message; code, reason and field stay.
Status Annotate(const Status& status, std::string_view context);

// The message of an error without its code; "" when ok.
std::string MessageOf(const Status& status);

template <typename... Args>
Status InvalidArgument(fmt::format_string<Args...> format, Args&&... args) {
  return MakeStatus(absl::StatusCode::kInvalidArgument, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
Status NotFound(fmt::format_string<Args...> format, Args&&... args) {
  return MakeStatus(absl::StatusCode::kNotFound, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
Status AlreadyExists(fmt::format_string<Args...> format, Args&&... args) {
  return MakeStatus(absl::StatusCode::kAlreadyExists, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
Status FailedPrecondition(fmt::format_string<Args...> format, Args&&... args) {
  return MakeStatus(absl::StatusCode::kFailedPrecondition, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
Status ResourceExhausted(fmt::format_string<Args...> format, Args&&... args) {
  return MakeStatus(absl::StatusCode::kResourceExhausted, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
Status OutOfRange(fmt::format_string<Args...> format, Args&&... args) {
  return MakeStatus(absl::StatusCode::kOutOfRange, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
Status Unavailable(fmt::format_string<Args...> format, Args&&... args) {
  return MakeStatus(absl::StatusCode::kUnavailable, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
Status DeadlineExceeded(fmt::format_string<Args...> format, Args&&... args) {
  return MakeStatus(absl::StatusCode::kDeadlineExceeded, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
Status PermissionDenied(fmt::format_string<Args...> format, Args&&... args) {
  return MakeStatus(absl::StatusCode::kPermissionDenied, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
Status Aborted(fmt::format_string<Args...> format, Args&&... args) {
  return MakeStatus(absl::StatusCode::kAborted, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
Status DataLoss(fmt::format_string<Args...> format, Args&&... args) {
  return MakeStatus(absl::StatusCode::kDataLoss, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
Status Internal(fmt::format_string<Args...> format, Args&&... args) {
  return MakeStatus(absl::StatusCode::kInternal, fmt::format(format, std::forward<Args>(args)...));
}

// An errno as a status: "what: No such file or directory". The code fits the errno (ENOENT is NOT_FOUND ...).
Status ErrnoStatus(int error_number, std::string_view what);

}  // namespace shadowd

#define SHADOWD_RETURN_IF_ERROR(expr)                                     \
  do {                                                                    \
    if (::absl::Status shadowd_status_ = (expr); !shadowd_status_.ok()) { \
      return shadowd_status_;                                             \
    }                                                                     \
  } while (false)

#define SHADOWD_CONCAT_INNER_(a, b) a##b
#define SHADOWD_CONCAT_(a, b) SHADOWD_CONCAT_INNER_(a, b)

// SHADOWD_ASSIGN_OR_RETURN(auto x, F()) declares or assigns x, or returns the error.
#define SHADOWD_ASSIGN_OR_RETURN(lhs, expr) \
  SHADOWD_ASSIGN_OR_RETURN_(SHADOWD_CONCAT_(shadowd_or_, __LINE__), lhs, expr)
#define SHADOWD_ASSIGN_OR_RETURN_(tmp, lhs, expr) \
  auto tmp = (expr);                              \
  if (!tmp.ok()) {                                \
    return tmp.status();                          \
  }                                               \
  lhs = *std::move(tmp)
