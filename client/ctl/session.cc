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
