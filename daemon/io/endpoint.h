// Where a shadow listens: a numeric IPv4 or IPv6 address with a port, "127.0.0.1:8080" or "[::1]:8080". Names
// are not resolved: traffic goes to what the provider named and nowhere else. Plain value.
#pragma once

#include <sys/socket.h>

#include <string>

#include "base/status.h"

namespace shadowd::io {

struct Endpoint {
  sockaddr_storage address{};
  socklen_t length = 0;

  int family() const { return address.ss_family; }
  const sockaddr* raw() const { return reinterpret_cast<const sockaddr*>(&address); }
};

// INVALID_ARGUMENT naming `field` and the text.
StatusOr<Endpoint> ParseEndpoint(const std::string& text, const std::string& field);

}  // namespace shadowd::io
