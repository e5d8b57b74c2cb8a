#include "daemon/io/inet_address.h"

#include <arpa/inet.h>

#include <array>
#include <charconv>

namespace shadowd::io {

StatusOr<sockaddr_in> ParseInetAddress(const std::string& text) {
  const size_t colon = text.rfind(':');
  sockaddr_in address{};
  address.sin_family = AF_INET;
  if (colon != std::string::npos &&
      inet_pton(AF_INET, text.substr(0, colon).c_str(), &address.sin_addr) == 1) {
    uint16_t port = 0;
    const char* const last = text.data() + text.size();
    const auto [end, error] = std::from_chars(text.data() + colon + 1, last, port);
    if (error == std::errc() && end == last) {
      address.sin_port = htons(port);
      return address;
    }
  }
  return InvalidArgument("\"{}\" is not ADDRESS:PORT with a numeric IPv4 address", text);
}

std::string FormatInetAddress(const sockaddr_in& address) {
  std::array<char, INET_ADDRSTRLEN> host{};
  inet_ntop(AF_INET, &address.sin_addr, host.data(), host.size());
  return fmt::format("{}:{}", host.data(), ntohs(address.sin_port));
}

}  // namespace shadowd::io
