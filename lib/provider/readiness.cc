#include "provider/readiness.h"

#include <fmt/format.h>

namespace shadowd::provider {

std::string ProbeRequest(std::string_view address, std::string_view http_path) {
  return fmt::format("GET {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: shadowd-probe\r\nConnection: close\r\n\r\n",
                     http_path, address);
}

std::optional<bool> ReadinessFromReply(std::string_view received) {
  constexpr size_t kMaxLine = 1024;
  constexpr std::string_view kVersion = "HTTP/1.";
  const size_t end = received.find('\n');
  if (end == std::string_view::npos) {
    return received.size() >= kMaxLine ? std::optional<bool>(false) : std::nullopt;
  }
  // "HTTP/1.1 204 No Content"
  const std::string_view line = received.substr(0, end);
  if (!line.starts_with(kVersion) || line.size() < kVersion.size() + 5 || line[kVersion.size() + 1] != ' ') {
    return false;
  }
  const std::string_view code = line.substr(kVersion.size() + 2, 3);
  const bool digits = code[1] >= '0' && code[1] <= '9' && code[2] >= '0' && code[2] <= '9';
  return digits && (code[0] == '2' || code[0] == '3');
}

}  // namespace shadowd::provider
