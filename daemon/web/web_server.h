// The small HTTP listener: /metrics for Prometheus, /healthz for whoever supervises the daemon, and, where it
// is configured, remote write. Loopback only, since it has no authentication. Owned by the app; stops in its
// destructor, before the dispatcher ends. Both pages ask the loop and wait for it a bounded time, so a wedged
// loop shows as unhealthy.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/status.h"

namespace shadowd::daemon {

class Dispatcher;
class Metrics;

// Where POST /api/v1/write goes (Prometheus remote write 1.0). Called on the listener's threads.
struct RemoteWrite {
  std::function<Status(std::string_view packed)> take;  // null: nothing is taken
  uint64_t body_bytes_max = 0;
};

class WebServer {
 public:
  // `address` is "127.0.0.1:PORT" or "[::1]:PORT"; port 0 = any.
  static StatusOr<std::unique_ptr<WebServer>> Create(const std::string& address, Dispatcher& dispatcher,
                                                     Metrics& metrics, RemoteWrite remote_write = {});
  WebServer(const WebServer&) = delete;
  WebServer& operator=(const WebServer&) = delete;
  ~WebServer();

  int port() const;

 private:
  struct Impl;
  explicit WebServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace shadowd::daemon
