// Who is at the other end of a connection that our own accept loop took. gRPC calls such a peer "fd:N";
// descriptors are reused, so an entry is written before gRPC gets the descriptor and is read when a call
// begins, not later. Thread-safe. Bounded by the descriptors a process may have.
#pragma once

#include <absl/base/thread_annotations.h>
#include <absl/synchronization/mutex.h>
#include <grpcpp/server_context.h>

#include <map>
#include <string>

#include "daemon/io/peer_listener.h"

namespace shadowd::daemon {

class PeerBook {
 public:
  void Set(int fd, io::PeerCredentials credentials);
  // For the audit: "uid=0 gid=0 pid=42 via=unix", or "peer=ipv4:127.0.0.1:4711 via=tcp" with " cn=NAME" where
  // the client showed a certificate.
  std::string ActorOf(const grpc::CallbackServerContext& context) const;

 private:
  mutable absl::Mutex mutex_;  // the accept thread writes, gRPC's threads read
  std::map<int, io::PeerCredentials> peers_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace shadowd::daemon
