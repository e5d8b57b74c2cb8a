// Talks to HAProxy's runtime socket: one command a connection, an answer up to the end of the connection.
// Blocking, but never longer than the deadline; no state between calls, so any thread may call. Errors name
// the socket and the reason.
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"
#include "base/time.h"

namespace shadowd::io {

struct HaproxyClientLimits {
  Micros deadline = std::chrono::milliseconds(1000);  // for the whole exchange
  size_t reply_bytes_max = 8 << 20;
};

// `socket` is a path ("/run/haproxy/admin.sock") or "ADDRESS:PORT" of an IPv4 loopback or other address.
// UNAVAILABLE (or NOT_FOUND, PERMISSION_DENIED as the errno says) when it cannot be reached,
// DEADLINE_EXCEEDED when it does not answer, RESOURCE_EXHAUSTED when the answer is too long, INVALID_ARGUMENT
// for a command that is not one line.
StatusOr<std::string> RunHaproxyCommand(const std::string& socket, std::string_view command,
                                        HaproxyClientLimits limits = {});

}  // namespace shadowd::io
