// The OTLP receiver: gRPC on a port of its own with the one method that OpenTelemetry's exporters of metrics
// call. Packed (gzip) and plain messages are taken; one that is too large is RESOURCE_EXHAUSTED. Loopback
// only, since it has no authentication: collectors run on the host. Owned by App; ends in its destructor.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/status.h"

namespace shadowd::daemon {

class OtlpServer {
 public:
  // Request to answer, both serialised. Called on gRPC's threads.
  using Handler = std::function<StatusOr<std::string>(std::string_view message)>;

  // `address` is "127.0.0.1:PORT"; port 0 = any.
  static StatusOr<std::unique_ptr<OtlpServer>> Create(const std::string& address, uint64_t message_bytes_max,
                                                      Handler handler);
  ~OtlpServer();
  OtlpServer(const OtlpServer&) = delete;
  OtlpServer& operator=(const OtlpServer&) = delete;

  int port() const;

 private:
  struct Impl;
  explicit OtlpServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace shadowd::daemon
