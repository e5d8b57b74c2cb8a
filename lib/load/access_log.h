// One line of an access log in the Common or Combined Log Format, as Apache, nginx and others write it:
//   host ident user [10/Oct/2000:13:55:36 -0700] "GET /a.gif HTTP/1.0" 200 2326 "referrer" "agent"
// Outside bytes: nothing is believed. Pure.
#pragma once

#include <optional>
#include <string_view>

namespace shadowd::load {

struct LoggedRequest {
  std::string_view method;
  std::string_view target;  // path and query
  int status = 0;
  int hour = 0;  // 0..23, by the log's own clock
};

// Views into the line. Nothing for a line that is not of the format, and for a request that cannot be sent
// again as it stands (no path, bytes that a URL may not have).
std::optional<LoggedRequest> ParseLogLine(std::string_view line);

}  // namespace shadowd::load
