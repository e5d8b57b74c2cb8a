#include "daemon/io/endpoint.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <charconv>
#include <cstring>

namespace shadowd::io {

StatusOr<Endpoint> ParseEndpoint(const std::string& text, const std::string& field) {
  const Status bad =
      WithField(InvalidArgument("{}: \"{}\" is not a numeric address with a port", field, text), field);
  const size_t colon = text.rfind(':');
  if (colon == std::string::npos) {
    return bad;
  }
  uint16_t port = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data() + colon + 1, end, port);
  if (error != std::errc() || stop != end || port == 0) {
    return bad;
  }
  std::string host = text.substr(0, colon);
  Endpoint endpoint;
  sockaddr_in v4{};
  sockaddr_in6 v6{};
  if (inet_pton(AF_INET, host.c_str(), &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    std::memcpy(&endpoint.address, &v4, sizeof(v4));
    endpoint.length = sizeof(v4);
    return endpoint;
  }
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  }
  if (inet_pton(AF_INET6, host.c_str(), &v6.sin6_addr) != 1) {
    return bad;
  }
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(port);
  std::memcpy(&endpoint.address, &v6, sizeof(v6));
  endpoint.length = sizeof(v6);
  return endpoint;
}

}  // namespace shadowd::io
