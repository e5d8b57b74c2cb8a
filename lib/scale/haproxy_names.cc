#include "scale/haproxy_names.h"

#include <algorithm>
#include <charconv>

namespace shadowd::scale {
namespace {

bool Digit(char c) {
  return c >= '0' && c <= '9';
}
bool Letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool ReadBounded(std::string_view text, int low, int high) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() && Digit(text[0]) && value >= low &&
         value <= high;
}

bool Ipv4(std::string_view host) {
  for (int part = 0; part < 4; ++part) {
    const size_t dot = host.find('.');
    if ((dot == std::string_view::npos) != (part == 3) || !ReadBounded(host.substr(0, dot), 0, 255)) {
      return false;
    }
    host = dot == std::string_view::npos ? std::string_view() : host.substr(dot + 1);
  }
  return true;
}

// Only the alphabet: what HAProxy cannot make sense of it refuses by itself.
bool Ipv6(std::string_view host) {
  return host.size() >= 4 && host.front() == '[' && host.back() == ']' &&
         host.find(':') != std::string_view::npos &&
         std::all_of(host.begin() + 1, host.end() - 1, [](char c) {
           return Digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == ':' || c == '.';
         });
}

}  // namespace

Status CheckHaproxyName(std::string_view field, std::string_view name) {
  constexpr size_t kLongest = 127;
  const bool fine =
      !name.empty() && name.size() <= kLongest && std::all_of(name.begin(), name.end(), [](char c) {
        return Digit(c) || Letter(c) || c == '.' || c == '_' || c == '-';
      });
  if (fine) {
    return absl::OkStatus();
  }
  return WithField(
      WithReason(InvalidArgument("{}: \"{}\" is not a HAProxy name of 1 to {} letters, digits, '.', '_' "
                                 "or '-'",
                                 field, name.substr(0, kLongest), kLongest),
                 "NAME_INVALID"),
      field);
}

Status CheckServerAddress(std::string_view address) {
  const size_t colon = address.rfind(':');
  const std::string_view host = address.substr(0, colon);
  if (colon != std::string_view::npos && ReadBounded(address.substr(colon + 1), 1, 65535) &&
      (Ipv4(host) || Ipv6(host))) {
    return absl::OkStatus();
  }
  return WithField(
      WithReason(InvalidArgument("address: \"{}\" is not ADDRESS:PORT with an IPv4 or [IPv6] address",
                                 address.substr(0, 100)),
                 "ADDRESS_INVALID"),
      "address");
}

}  // namespace shadowd::scale
