// The small HTTP listener: /metrics for Prometheus and /healthz for whoever supervises the daemon. Loopback
// only, since it has no authentication. Owned by the app; stops in its destructor, before the dispatcher
// ends. Both pages ask the loop and wait for it a bounded time, so a wedged loop shows as unhealthy.
#pragma once

#include <memory>
#include <string>

#include "base/status.h"

namespace shadowd::daemon {

class Dispatcher;
class Metrics;

class WebServer {
 public:
  // `address` is "127.0.0.1:PORT" or "[::1]:PORT"; port 0 = any.
  static StatusOr<std::unique_ptr<WebServer>> Create(const std::string& address, Dispatcher& dispatcher,
                                                     Metrics& metrics);
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
