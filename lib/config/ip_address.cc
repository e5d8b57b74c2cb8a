#include "config/ip_address.h"

#include <algorithm>
#include <charconv>
#include <string>
#include <vector>

namespace shadowd::config {
namespace {

constexpr size_t kGroups = 8;

std::vector<std::string_view> Split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) {
      return parts;
    }
    text.remove_prefix(end + 1);
  }
}

bool ParsePart(std::string_view part, int base, unsigned max, unsigned& value) {
  const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), value, base);
  return !part.empty() && error == std::errc() && end == part.data() + part.size() && value <= max;
}

// The 16-bit groups of one side of "::"; false where one is malformed. Only at the very end may an IPv4
// address stand.
bool ParseGroups(std::string_view side, bool is_end, std::vector<unsigned>& groups) {
  if (side.empty()) {
    return true;
  }
  const auto parts = Split(side, ':');
  for (size_t i = 0; i < parts.size(); ++i) {
    if (is_end && i + 1 == parts.size() && parts[i].find('.') != std::string_view::npos) {
      const auto v4 = ParseIpv4(parts[i]);
      if (!v4.has_value()) {
        return false;
      }
      groups.push_back(static_cast<unsigned>((*v4)[0] << 8 | (*v4)[1]));
      groups.push_back(static_cast<unsigned>((*v4)[2] << 8 | (*v4)[3]));
      continue;
    }
    unsigned group = 0;
    if (parts[i].size() > 4 || !ParsePart(parts[i], 16, 0xffff, group)) {
      return false;
    }
    groups.push_back(group);
  }
  return true;
}

}  // namespace

std::optional<std::array<uint8_t, 4>> ParseIpv4(std::string_view text) {
  const auto parts = Split(text, '.');
  std::array<uint8_t, 4> address{};
  if (parts.size() != address.size()) {
    return std::nullopt;
  }
  for (size_t i = 0; i < parts.size(); ++i) {
    unsigned value = 0;
    if (!ParsePart(parts[i], 10, 255, value) || (parts[i].size() > 1 && parts[i].front() == '0')) {
      return std::nullopt;
    }
    address[i] = static_cast<uint8_t>(value);
  }
  return address;
}

std::optional<std::array<uint8_t, 16>> ParseIpv6(std::string_view text) {
  const size_t gap = text.find("::");
  const bool has_gap = gap != std::string_view::npos;
  std::vector<unsigned> head;
  std::vector<unsigned> tail;
  if (!ParseGroups(text.substr(0, gap), !has_gap, head) ||
      (has_gap && !ParseGroups(text.substr(gap + 2), true, tail))) {
    return std::nullopt;
  }
  const size_t given = head.size() + tail.size();
  if (has_gap ? given >= kGroups : given != kGroups) {
    return std::nullopt;
  }
  head.resize(kGroups - tail.size());
  head.insert(head.end(), tail.begin(), tail.end());
  std::array<uint8_t, 16> address{};
  for (size_t i = 0; i < kGroups; ++i) {
    address[2 * i] = static_cast<uint8_t>(head[i] >> 8);
    address[2 * i + 1] = static_cast<uint8_t>(head[i] & 0xff);
  }
  return address;
}

}  // namespace shadowd::config
