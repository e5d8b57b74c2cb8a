// Server credentials of the TCP listener. An address other than loopback needs TLS and a CA that client
// certificates are checked against; files are checked here, because gRPC starts without them and then fails
// every handshake.
#pragma once

#include <grpcpp/security/server_credentials.h>

#include <memory>
#include <string>

#include "base/status.h"

namespace shadowd::daemon {

struct TcpOptions {
  std::string address;    // "127.0.0.1:7443", "[::1]:7443"; "" = no TCP
  std::string cert_file;  // PEM; "" = plain text
  std::string key_file;
  std::string client_ca_file;
};

StatusOr<std::shared_ptr<grpc::ServerCredentials>> MakeCredentials(const TcpOptions& options);

}  // namespace shadowd::daemon
