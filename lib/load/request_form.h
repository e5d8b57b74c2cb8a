// A request as a person writes it down, and what goes over the wire of it. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/rng.h"
#include "base/status.h"
#include "load/wire_request.h"

namespace shadowd::load {

struct RequestForm {
  std::string method = "GET";
  std::string target = "/";                                  // path and query
  std::vector<std::pair<std::string, std::string>> headers;  // instead of ours where the name is the same
  std::string body;
};

enum class Wire { kHttp1, kHttp2, kGrpc };

// "Name: value", as --header takes it. INVALID_ARGUMENT for what is no field of HTTP, so that nobody smuggles
// lines in, and for those that say how a message is framed.
StatusOr<std::pair<std::string, std::string>> ParseHeader(std::string_view text);

// Bytes (HTTP/1.1), or fields and body (HTTP/2). gRPC: the body is one message, which gets its prefix here.
// `scheme` is "http" or "https". INVALID_ARGUMENT for a method or a target that are none.
StatusOr<WireRequest> ToWire(const RequestForm& form, Wire wire, const std::string& scheme,
                             const std::string& authority);

// "/item/{1-1000}?id={uuid}" with each variable drawn: {A-B} a number of that range, both included, {uuid} a
// random UUID. Other braces stay as they are.
std::string Expand(std::string_view pattern, Rng& rng);
bool HasVariables(std::string_view pattern);

}  // namespace shadowd::load
