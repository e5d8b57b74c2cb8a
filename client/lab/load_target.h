// A place on the network as a flag names it: resolved, and with TLS where its URL says so.
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"
#include "base/time.h"
#include "daemon/io/load_pool.h"
#include "load/url.h"

namespace shadowd::lab {

// NOT_FOUND for a host that is none. `protocol` is offered by TLS; `verify` off takes any certificate.
StatusOr<io::LoadTarget> TargetOf(const load::Url& url, std::string_view protocol, bool verify,
                                  const std::string& ca_file);

// "10s", "500ms", "2m": over 0 and up to 30 days. The error names the flag.
StatusOr<Micros> ParseLength(const char* flag, const std::string& text);

}  // namespace shadowd::lab
