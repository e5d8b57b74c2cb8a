#include "mirror/policy.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>

namespace shadowd::mirror {
namespace {

// Hop-by-hop fields (RFC 9110 §7.6.1), credentials, and those that are written anew.
constexpr std::array<std::string_view, 14> kDropped = {"authorization",
                                                       "baggage",
                                                       "connection",
                                                       "content-length",
                                                       "cookie",
                                                       "expect",
                                                       "http2-settings",
                                                       "keep-alive",
                                                       "te",
                                                       "proxy-connection",
                                                       "proxy-authorization",
                                                       "trailer",
                                                       "upgrade",
                                                       "transfer-encoding"};

constexpr size_t kBaggageMax = 8192;  // W3C baggage §3.3.1.3

bool IsPlain(std::string_view text, bool space_allowed) {
  return std::all_of(text.begin(), text.end(), [space_allowed](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte > 0x20 ? byte != 0x7f : space_allowed && (byte == ' ' || byte == '\t');
  });
}

}  // namespace

bool Policy::AllowsMethod(std::string_view method) const {
  return std::find(methods_.begin(), methods_.end(), method) != methods_.end();
}

Policy::Verdict Policy::Judge(const MirroredRequest& request) const {
  if (!AllowsMethod(request.method)) {
    return Verdict::kMethod;
  }
  if (request.body_over_limit) {
    return Verdict::kBody;
  }
  if (request.Find(marker_) != nullptr) {
    return Verdict::kCopy;
  }
  return IsPlain(request.target, false) ? Verdict::kMirror : Verdict::kUnsafe;
}

bool Policy::Drops(const HeaderField& field, std::string_view connection) const {
  const auto same = [&field](std::string_view name) { return EqualsIgnoreCase(name, field.name); };
  return std::any_of(kDropped.begin(), kDropped.end(), same) || same(marker_) ||
         ListHas(connection, field.name) || !IsPlain(field.value, true);
}

void Policy::Render(const MirroredRequest& request, std::string& out) const {
  out.clear();
  const HeaderField* connection = request.Find("connection");
  const HeaderField* baggage = request.Find("baggage");
  const auto append = [&out](auto... parts) { (out.append(std::string_view(parts)), ...); };
  append(request.method, " ", request.target, " HTTP/1.1\r\n");
  for (const HeaderField& field : request.headers) {
    if (!Drops(field, connection == nullptr ? std::string_view() : connection->value)) {
      append(field.name, ": ", field.value, "\r\n");
    }
  }
  if (request.Find("host") == nullptr) {
    append("Host: shadow\r\n");  // HTTP/1.0 may come without; 1.1 must not
  }
  append(marker_, ": 1\r\nbaggage: ");
  if (baggage != nullptr && !baggage->value.empty() && IsPlain(baggage->value, true) &&
      baggage->value.size() + kBaggageMember.size() < kBaggageMax) {
    append(baggage->value, ",");
  }
  append(kBaggageMember, "\r\n");
  if (!request.body.empty() || request.Find("content-length") != nullptr) {
    fmt::format_to(std::back_inserter(out), "Content-Length: {}\r\n", request.body.size());
  }
  append("\r\n", request.body);
}

void Policy::RenderSynthetic(std::string_view path, std::string_view host, std::string& out) const {
  out = fmt::format("GET {} HTTP/1.1\r\nHost: {}\r\n{}: 1\r\nbaggage: {}\r\n\r\n", path, host, marker_,
                    kBaggageMember);
}

}  // namespace shadowd::mirror
