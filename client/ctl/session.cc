#include "session.h"

#include <unistd.h>

#include <cerrno>

namespace shadowd::ctl {
namespace {

std::string SocketPath(const std::string& address) {
  return address.rfind("unix://", 0) == 0 ? address.substr(7) : std::string();
}

std::string WhyUnreachable(const Session& session) {
  const std::string path = SocketPath(session.connection.address);
  if (path.empty()) {
    return fmt::format(
        "nothing answers at {}: is shadowd running there, with tcp.address set and TLS as you use it?",
        session.connection.address);
  }
  if (::access(path.c_str(), F_OK) != 0) {
    return fmt::format(
        "there is no socket {}: is shadowd running? (systemctl status shadowd; another one: --address)",
        path);
  }
  if (::access(path.c_str(), R_OK | W_OK) != 0) {
    return fmt::format(
        "no permission for {}: you are not in its group; run as root, or: usermod -aG shadowd USER", path);
  }
  return fmt::format(
      "nobody listens on {}: is shadowd running? (systemctl status shadowd, journalctl -u shadowd)", path);
}

}  // namespace

int ExitCodeOf(const Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kOk:
      return 0;
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kOutOfRange:
      return 2;
    case absl::StatusCode::kNotFound:
      return 3;
    case absl::StatusCode::kAlreadyExists:
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kAborted:
      return 4;
    case absl::StatusCode::kPermissionDenied:
    case absl::StatusCode::kUnauthenticated:
      return 5;
    case absl::StatusCode::kUnavailable:
      return 6;
    case absl::StatusCode::kDeadlineExceeded:
      return 7;
    case absl::StatusCode::kResourceExhausted:
      return 8;
    case absl::StatusCode::kCancelled:
      return 130;
    default:
      return 9;
  }
}

std::string Explain(const Status& status, const Session& session) {
  std::string text = MessageOf(status);
  if (absl::IsUnavailable(status) && ReasonOf(status) != "DRAINING") {
    text = WhyUnreachable(session);
  }
  const std::string field = client::FieldOf(status);
  if (!field.empty() && text.find(field) == std::string::npos) {
    text = field + ": " + text;
  }
  if (absl::IsDeadlineExceeded(status)) {
    text += " (wait longer with --timeout)";
  }
  return text;
}

}  // namespace shadowd::ctl
