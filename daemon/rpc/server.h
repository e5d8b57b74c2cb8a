// The gRPC server of the daemon: all services of the API, health and reflection, on a unix socket that knows
// its callers and on TCP where asked. Owned by the app; made on the main thread before the loop runs. It
// takes calls at once but shows NOT_SERVING until SetServing(true).
//
// Stopping: Drain begins it (any thread, never waits) and says when it is done; the loop must go on running
// meanwhile, since it answers the calls that are still open. The destructor waits for the drain.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/status.h"
#include "base/time.h"
#include "daemon/io/peer_listener.h"
#include "daemon/rpc/credentials.h"
#include "daemon/rpc/edge.h"

namespace shadowd::daemon {

struct ServerOptions {
  io::PeerListener::Options socket;
  std::string lock_path;  // "" = SOCKET.lock beside the socket
  TcpOptions tcp;
  bool reflection = true;
  int message_bytes_max = 4 << 20;
  std::string answers_path;  // where the last answers to KEDA are kept; "" = in memory alone
  EdgeLimits limits;
};

class RpcServer {
 public:
  // ALREADY_EXISTS (DAEMON_RUNNING) when another daemon has the socket, which is left alone then.
  static StatusOr<std::unique_ptr<RpcServer>> Create(ServerOptions options, Dispatcher& dispatcher,
                                                     EdgeHooks hooks);
  RpcServer(const RpcServer&) = delete;
  RpcServer& operator=(const RpcServer&) = delete;
  ~RpcServer();

  void SetServing(bool serving);
  // Health NOT_SERVING, no new connections, watches and streams end with UNAVAILABLE, open calls get `grace`
  // to end. `drained` runs on a thread of the server. The second time nothing happens.
  void Drain(Micros grace, std::function<void()> drained);

  int tcp_port() const;  // 0 without TCP
  size_t open_streams() const;

 private:
  struct Impl;
  explicit RpcServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace shadowd::daemon
