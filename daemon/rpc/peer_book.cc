#include "daemon/rpc/peer_book.h"

#include <fmt/format.h>

#include <charconv>
#include <optional>

namespace shadowd::daemon {
namespace {

std::optional<int> DescriptorOf(const std::string& peer) {
  if (peer.rfind("fd:", 0) != 0) {
    return std::nullopt;
  }
  int fd = 0;
  const auto [end, error] = std::from_chars(peer.data() + 3, peer.data() + peer.size(), fd);
  return error == std::errc() ? std::optional<int>(fd) : std::nullopt;
}

// A certificate's name is a stranger's text: it must not forge another field of the audit.
std::string Printable(std::string text) {
  for (char& c : text) {
    if (c <= ' ' || c > '~' || c == '=') {
      c = '_';
    }
  }
  return text;
}

}  // namespace

void PeerBook::Set(int fd, io::PeerCredentials credentials) {
  absl::MutexLock lock(&mutex_);
  peers_[fd] = credentials;
}

std::string PeerBook::ActorOf(const grpc::CallbackServerContext& context) const {
  const std::string peer = context.peer();
  if (const std::optional<int> fd = DescriptorOf(peer); fd.has_value()) {
    absl::MutexLock lock(&mutex_);
    if (const auto found = peers_.find(*fd); found != peers_.end()) {
      return fmt::format("uid={} gid={} pid={} via=unix", found->second.uid, found->second.gid,
                         found->second.pid);
    }
  }
  std::string actor = "peer=" + peer + " via=tcp";
  if (const auto auth = context.auth_context(); auth != nullptr && auth->IsPeerAuthenticated()) {
    for (const grpc::string_ref& name : auth->GetPeerIdentity()) {
      actor += " cn=" + Printable(std::string(name.data(), name.size()));
      break;
    }
  }
  return actor;
}

}  // namespace shadowd::daemon
