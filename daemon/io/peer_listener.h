// The unix socket of the daemon with an accept loop of its own, because gRPC's does not tell who calls. One
// thread accepts, asks the kernel for the peer's credentials and hands both over. Owned by the RPC server;
// the socket file is gone after Stop. Hold the lock file of the directory before Create: a socket file that
// is there is taken to be a leftover.
#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "base/status.h"
#include "daemon/io/unique_fd.h"

namespace shadowd::io {

struct PeerCredentials {  // as the kernel saw them at connect; the pid may since have ended
  uid_t uid = 0;
  gid_t gid = 0;
  pid_t pid = 0;
};

class PeerListener {
 public:
  struct Options {
    std::string path;  // absolute, shorter than 108 bytes
    mode_t mode = 0660;
    std::string group;  // of the socket; "" = that of the process
  };
  // Runs on the listener's thread with a connected, non-blocking socket.
  using OnPeer = std::function<void(UniqueFd, PeerCredentials)>;

  // Listens at once; a connection made before Start waits in the backlog.
  static StatusOr<std::unique_ptr<PeerListener>> Create(Options options);
  PeerListener(const PeerListener&) = delete;
  PeerListener& operator=(const PeerListener&) = delete;
  ~PeerListener();

  void Start(OnPeer on_peer);
  void Stop();  // returns when the thread has ended; safe to repeat

 private:
  PeerListener(Options options, UniqueFd listening, UniqueFd wake, ino_t inode);
  void Run(const OnPeer& on_peer);
  void AcceptAll(const OnPeer& on_peer);

  const Options options_;
  UniqueFd listening_;
  UniqueFd wake_;      // eventfd: becomes readable to end the thread
  const ino_t inode_;  // of our socket file, so that only ours is removed
  std::thread thread_;
};

}  // namespace shadowd::io
