// One request as it was read from production. A view into the parser's buffers: valid until the parser is fed
// again or destroyed. What is kept longer is rendered into a buffer of its own.
#pragma once

#include <string_view>
#include <vector>

namespace shadowd::mirror {

struct HeaderField {
  std::string_view name;
  std::string_view value;  // without surrounding white space
};

struct MirroredRequest {
  std::string_view method;
  std::string_view target;
  int minor_version = 1;  // of HTTP/1
  std::vector<HeaderField> headers;
  std::string_view body;         // without transfer coding
  bool body_over_limit = false;  // the body was longer than the parser keeps; `body` is then empty

  // The first field of that name, whatever its case; null when there is none.
  const HeaderField* Find(std::string_view name) const;
};

bool EqualsIgnoreCase(std::string_view left, std::string_view right);
// Whether a comma separated list ("keep-alive, Upgrade") has the token, whatever its case.
bool ListHas(std::string_view list, std::string_view token);
std::string_view TrimSpace(std::string_view text);

}  // namespace shadowd::mirror
