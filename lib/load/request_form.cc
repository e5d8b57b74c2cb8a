#include "load/request_form.h"

#include <algorithm>
#include <charconv>


namespace shadowd::load {
namespace {

constexpr size_t kHeaderMax = 16 * 1024;
constexpr size_t kGrpcPrefix = 5;

char Lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

std::string ToLower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), Lower);
  return text;
}

bool IsTokenByte(char c) {
  return (c >= '0' && c <= '9') || (Lower(c) >= 'a' && Lower(c) <= 'z') ||
         std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

bool IsToken(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), IsTokenByte);
}

bool IsValueByte(char c) {
  return c == '\t' || static_cast<unsigned char>(c) >= ' ';
}

// What the request says of itself where the caller does not.
std::vector<std::pair<std::string, std::string>> Fields(const RequestForm& form) {
  std::vector<std::pair<std::string, std::string>> fields;
  const auto given = [&](const std::string& name) {
    return std::any_of(form.headers.begin(), form.headers.end(),
                       [&](const auto& header) { return ToLower(header.first) == name; });
  };
  if (!given("user-agent")) {
    fields.emplace_back("User-Agent", "shadowctl-load");
  }
  if (!given("accept")) {
    fields.emplace_back("Accept", "*/*");
  }
  for (const auto& header : form.headers) {
    if (ToLower(header.first) != "host") {
      fields.push_back(header);
    }
  }
  return fields;
}

std::string HostOf(const RequestForm& form, const std::string& authority) {
  const auto found = std::find_if(form.headers.begin(), form.headers.end(),
                                  [](const auto& header) { return ToLower(header.first) == "host"; });
  return found == form.headers.end() ? authority : found->second;
}

bool IsSafe(const std::string& method) {
  return method == "GET" || method == "HEAD" || method == "OPTIONS";
}

std::string Http1Bytes(const RequestForm& form, const std::string& authority) {
  std::string bytes =
      form.method + ' ' + form.target + " HTTP/1.1\r\nHost: " + HostOf(form, authority) + "\r\n";
  for (const auto& [name, value] : Fields(form)) {
    bytes += name + ": " + value + "\r\n";
  }
  if (!form.body.empty() || form.method == "POST" || form.method == "PUT" || form.method == "PATCH") {
    bytes += "Content-Length: " + std::to_string(form.body.size()) + "\r\n";
  }
  return bytes + "\r\n" + form.body;
}

std::string GrpcMessage(const std::string& message) {
  std::string framed(kGrpcPrefix, '\0');
  for (size_t i = 0; i < 4; ++i) {
    framed[1 + i] = static_cast<char>(message.size() >> (24 - 8 * i) & 0xff);
  }
  return framed + message;
}

std::optional<std::pair<int64_t, int64_t>> Range(std::string_view text) {
  int64_t low = 0, high = 0;
  const char* end = text.data() + text.size();
  const auto first = std::from_chars(text.data(), end, low);
  if (first.ec != std::errc() || first.ptr == end || *first.ptr != '-') {
    return std::nullopt;
  }
  const auto second = std::from_chars(first.ptr + 1, end, high);
  if (second.ec != std::errc() || second.ptr != end || low < 0 || high < low) {
    return std::nullopt;
  }
  return std::pair(low, high);
}

std::string Uuid(Rng& rng) {
  return fmt::format("{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}", rng.Next() >> 32, rng.Next() >> 48,
                     rng.Next() >> 52, rng.Next() >> 52, rng.Next() >> 16);
}

}  // namespace

StatusOr<std::pair<std::string, std::string>> ParseHeader(std::string_view text) {
  const size_t colon = text.find(':');
  if (colon == std::string_view::npos || !IsToken(text.substr(0, colon)) || text.size() > kHeaderMax) {
    return InvalidArgument("header \"{}\": expected \"Name: value\"", text.substr(0, 64));
  }
  std::string name(text.substr(0, colon));
  std::string_view value = text.substr(colon + 1);
  while (value.starts_with(' ')) {
    value.remove_prefix(1);
  }
  if (!std::all_of(value.begin(), value.end(), IsValueByte)) {
    return InvalidArgument("header {}: its value has control characters", name);
  }
  const std::string lower = ToLower(name);
  for (const char* framing : {"content-length", "transfer-encoding", "connection", "upgrade", "expect"}) {
    if (lower == framing) {
      return InvalidArgument(
          "header {}: how messages are framed and connections kept is not for headers to say", name);
    }
  }
  return std::pair(std::move(name), std::string(value));
}

StatusOr<WireRequest> ToWire(const RequestForm& form, Wire wire, const std::string& scheme,
                             const std::string& authority) {
  if (!IsToken(form.method)) {
    return InvalidArgument("method \"{}\" is no method of HTTP", form.method.substr(0, 32));
  }
  const bool visible = std::all_of(form.target.begin(), form.target.end(), [](char c) { return c > ' '; });
  if (!form.target.starts_with('/') || !visible) {
    return InvalidArgument("path \"{}\" must start with / and have no blanks", form.target.substr(0, 64));
  }
  WireRequest request;
  request.head = form.method == "HEAD";
  request.safe = IsSafe(form.method);
  if (wire == Wire::kHttp1) {
    request.bytes = Http1Bytes(form, authority);
    return request;
  }
  request.fields = {{":method", form.method},
                    {":scheme", scheme},
                    {":authority", HostOf(form, authority)},
                    {":path", form.target}};
  if (wire == Wire::kGrpc) {
    request.fields.insert(request.fields.end(), {{"content-type", "application/grpc"}, {"te", "trailers"}});
  }
  for (const auto& [name, value] : Fields(form)) {
    request.fields.emplace_back(ToLower(name), value);
  }
  request.body = wire == Wire::kGrpc ? GrpcMessage(form.body) : form.body;
  return request;
}

bool HasVariables(std::string_view pattern) {
  for (size_t open = pattern.find('{'); open != std::string_view::npos; open = pattern.find('{', open + 1)) {
    const size_t close = pattern.find('}', open);
    if (close != std::string_view::npos) {
      const std::string_view name = pattern.substr(open + 1, close - open - 1);
      if (name == "uuid" || Range(name)) {
        return true;
      }
    }
  }
  return false;
}

std::string Expand(std::string_view pattern, Rng& rng) {
  std::string text;
  while (!pattern.empty()) {
    const size_t open = pattern.find('{');
    text += pattern.substr(0, open);
    if (open == std::string_view::npos) {
      break;
    }
    pattern.remove_prefix(open);
    const size_t close = pattern.find('}');
    const std::string_view name = close == std::string_view::npos ? "" : pattern.substr(1, close - 1);
    if (name == "uuid") {
      text += Uuid(rng);
    } else if (const auto range = Range(name)) {
      text += std::to_string(range->first + static_cast<int64_t>(rng.Below(
                                                static_cast<uint64_t>(range->second - range->first + 1))));
    } else {
      text += '{';
      pattern.remove_prefix(1);
      continue;
    }
    pattern.remove_prefix(close + 1);
  }
  return text;
}

}  // namespace shadowd::load
