// Numeric IP addresses, without the system's resolver. Pure functions, any thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace shadowd::config {

// "192.0.2.1": four decimal numbers without leading zeros.
std::optional<std::array<uint8_t, 4>> ParseIpv4(std::string_view text);
// RFC 4291, 2.2: groups of up to four hexadecimal digits, one "::", an IPv4 address at the end. No zone.
std::optional<std::array<uint8_t, 16>> ParseIpv6(std::string_view text);

}  // namespace shadowd::config
