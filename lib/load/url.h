// Where load goes: an absolute http or https URL. Value type.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/status.h"

namespace shadowd::load {

struct Url {
  bool tls = false;
  std::string host;  // a name or an address; IPv6 without its brackets
  uint16_t port = 80;
  std::string target = "/";  // path and query

  std::string Authority() const;  // as in Host: the port only where it is not the scheme's

  bool operator==(const Url&) const = default;
};

// INVALID_ARGUMENT says what is wrong with it. User information and fragments are refused.
StatusOr<Url> ParseUrl(std::string_view text);

}  // namespace shadowd::load
