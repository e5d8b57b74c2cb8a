// The head of an HTTP/1 message, as much of it as the demo's programs need. Pure.
#pragma once

#include <cstddef>
#include <string_view>

namespace shadowd::demo {

struct HttpHead {
  enum class State { kPartial, kComplete, kMalformed };
  State state = State::kPartial;
  size_t bytes = 0;  // of the head, with its empty line
  size_t content_length = 0;
  bool close = false;       // HTTP/1.0 or "Connection: close"
  std::string_view second;  // second word of the first line: the target of a request, the status of an answer
};

// Heads over 16 KiB and bodies over 1 MiB or of unknown length are malformed.
HttpHead ParseHead(std::string_view text);

}  // namespace shadowd::demo
