#include "config/field_check.h"

#include <charconv>

#include "config/ip_address.h"
#include "config/yaml_scalar.h"

namespace shadowd::config {
namespace {

Status Outside(std::string_view field, const std::string& value, const std::string& low,
               const std::string& high) {
  return WithField(
      WithReason(InvalidArgument("{}: {} is not in {}..{}", field, value, low, high), "OUT_OF_RANGE"), field);
}

}  // namespace

Status BadValue(std::string_view field, std::string_view what) {
  return WithField(WithReason(InvalidArgument("{}: {}", field, what), "INVALID_VALUE"), field);
}

Status CheckNumber(std::string_view field, double value, double low, double high) {
  if (!(value >= low && value <= high)) {
    return Outside(field, fmt::format("{}", value), fmt::format("{}", low), fmt::format("{}", high));
  }
  return absl::OkStatus();
}

Status CheckSize(std::string_view field, uint64_t value, uint64_t low, uint64_t high) {
  if (value < low || value > high) {
    return Outside(field, fmt::format("{}", value), fmt::format("{}", low), fmt::format("{}", high));
  }
  return absl::OkStatus();
}

Status CheckLength(std::string_view field, Micros value, Micros low, Micros high) {
  if (value < low || value > high) {
    return Outside(field, FormatDuration(value), FormatDuration(low), FormatDuration(high));
  }
  return absl::OkStatus();
}

Status CheckText(std::string_view field, const std::string& text, size_t bytes_max) {
  if (text.size() > bytes_max) {
    return BadValue(field, fmt::format("{} bytes, more than {}", text.size(), bytes_max));
  }
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) {
      return BadValue(field, fmt::format("control character 0x{:02x}", byte));
    }
  }
  return absl::OkStatus();
}

Status CheckAbsolutePath(std::string_view field, const std::string& path, size_t bytes_max) {
  if (!path.starts_with('/')) {
    return BadValue(field, fmt::format("'{}' is not an absolute path", path.substr(0, 80)));
  }
  return CheckText(field, path, bytes_max);
}

Status CheckIpAddress(std::string_view field, const std::string& address) {
  if (!ParseIpv4(address).has_value() && !ParseIpv6(address).has_value()) {
    return BadValue(field, fmt::format("'{}' is not an IPv4 or IPv6 address", address.substr(0, 80)));
  }
  return absl::OkStatus();
}

bool IsLoopback(const std::string& address) {
  if (const auto v4 = ParseIpv4(address); v4.has_value()) {
    return (*v4)[0] == 127;
  }
  return ParseIpv6(address) == ParseIpv6("::1");
}

StatusOr<Endpoint> ParseEndpoint(std::string_view field, const std::string& text) {
  const auto malformed = [&] {
    return BadValue(field, fmt::format("'{}' is not address:port", text.substr(0, 80)));
  };
  const size_t colon = text.rfind(':');
  if (colon == std::string::npos) {
    return malformed();
  }
  Endpoint endpoint;
  endpoint.address = text.substr(0, colon);
  const bool bracketed = endpoint.address.starts_with('[') && endpoint.address.ends_with(']');
  if (bracketed) {
    endpoint.address = endpoint.address.substr(1, endpoint.address.size() - 2);
  }
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data() + colon + 1, end, endpoint.port);
  const bool is_v6 = endpoint.address.find(':') != std::string::npos;
  if (error != std::errc() || stop != end || bracketed != is_v6 || endpoint.port < 0 ||
      endpoint.port > 65'535) {
    return malformed();
  }
  SHADOWD_RETURN_IF_ERROR(CheckIpAddress(field, endpoint.address));
  endpoint.loopback = IsLoopback(endpoint.address);
  return endpoint;
}

}  // namespace shadowd::config
