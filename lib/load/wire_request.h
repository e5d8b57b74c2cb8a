// A request as it goes over the wire, shared by all that get it. Immutable once made, so threads may share
// it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace shadowd::load {

// FNV-1a, 64 bits: of a body, in pieces.
inline constexpr uint64_t kBodyHashStart = 0xcbf29ce484222325ULL;
inline uint64_t BodyHash(std::string_view piece, uint64_t so_far = kBodyHashStart) {
  for (const char c : piece) {
    so_far = (so_far ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  }
  return so_far;
}

struct WireRequest {
  std::string bytes;
  bool head = false;  // HEAD: the response has no body
  bool safe = true;   // may be sent again when a kept connection turns out to be closed
  size_t route = 0;   // which of the routes that are measured apart
  std::optional<uint64_t> expected_body = std::nullopt;  // BodyHash of the one right answer
  // The same for HTTP/2, which has no bytes of its own before a connection is there: fields in their order,
  // pseudo-fields first, names in lower case.
  std::vector<std::pair<std::string, std::string>> fields = {};
  std::string body = {};
};
using WireRequestPtr = std::shared_ptr<const WireRequest>;

}  // namespace shadowd::load
