// The readiness probe as bytes: what is sent, and whether what came back says "ready". Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace shadowd::provider {

// A GET over HTTP/1.1 that asks the server to close afterwards.
std::string ProbeRequest(std::string_view address, std::string_view http_path);

// true for a final status of 200..399, false for any other or for what is no HTTP, nullopt while the first
// line is incomplete. A line longer than 1 KiB is no HTTP.
std::optional<bool> ReadinessFromReply(std::string_view received);

}  // namespace shadowd::provider
