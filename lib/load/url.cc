#include "load/url.h"

#include <algorithm>
#include <charconv>

namespace shadowd::load {
namespace {

constexpr size_t kUrlMax = 8192;
constexpr uint16_t kHttp = 80, kHttps = 443;

bool IsVisible(char c) {
  return c > ' ' && c < '\x7f';
}

}  // namespace

std::string Url::Authority() const {
  const std::string shown = host.find(':') == std::string::npos ? host : "[" + host + "]";
  return port == (tls ? kHttps : kHttp) ? shown : shown + ":" + std::to_string(port);
}

StatusOr<Url> ParseUrl(std::string_view text) {
  const auto bad = [](std::string_view why) {
    return InvalidArgument("URL: {}; expected http://HOST[:PORT][/PATH] or https://...", why);
  };
  Url url;
  if (text.size() > kUrlMax) {
    return bad("longer than 8192 bytes");
  }
  if (!std::all_of(text.begin(), text.end(), IsVisible)) {
    return bad("blanks, control characters and bytes beyond ASCII must be percent-encoded");
  }
  if (text.starts_with("https://")) {
    url.tls = true;
    url.port = kHttps;
    text.remove_prefix(8);
  } else if (text.starts_with("http://")) {
    text.remove_prefix(7);
  } else {
    return bad("no http:// or https:// at its start");
  }
  if (text.find('#') != std::string_view::npos) {
    return bad("a fragment (#) is never sent");
  }
  std::string_view authority = text.substr(0, text.find_first_of("/?"));
  text.remove_prefix(authority.size());
  url.target = text.starts_with('/') ? std::string(text) : "/" + std::string(text);
  if (authority.find('@') != std::string_view::npos) {
    return bad("user information (@) is not supported; use --header \"Authorization: ...\"");
  }
  const size_t bracket = authority.starts_with('[') ? authority.find(']') : 0;
  if (bracket == std::string_view::npos) {
    return bad("an IPv6 address needs its closing bracket");
  }
  const size_t colon = authority.find(':', bracket);
  if (colon != std::string_view::npos) {
    const std::string_view port = authority.substr(colon + 1);
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), url.port);
    if (error != std::errc() || end != port.data() + port.size() || url.port == 0) {
      return bad("the port is no number from 1 to 65535");
    }
    authority = authority.substr(0, colon);
  }
  if (authority.starts_with('[')) {
    authority = authority.substr(1, bracket - 1);
  }
  if (authority.empty()) {
    return bad("no host");
  }
  url.host = std::string(authority);
  return url;
}

}  // namespace shadowd::load
