// Numeric IPv4 socket addresses as text, "127.0.0.1:8080". Names are not resolved: nothing here may wait for
// a resolver.
#pragma once

#include <netinet/in.h>

#include <string>
#include <string_view>

#include "base/status.h"

namespace shadowd::io {

// INVALID_ARGUMENT naming the text. Port 0 is allowed (for binding).
StatusOr<sockaddr_in> ParseInetAddress(const std::string& text);
std::string FormatInetAddress(const sockaddr_in& address);

}  // namespace shadowd::io
