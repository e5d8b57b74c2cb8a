// Digests of what came out of a step, one an item: the kind of the item in the low six bits, above them the
// upper bits of a CRC-32 over every member of it, doubles by their bits and resources as the API's messages.
// Equal values have equal digests in every process; a field that is added to a message and left at its
// default changes none. Pure functions, any thread.
#pragma once

#include <cstdint>

#include "journal/entry.h"
#include "ports/outcome.h"

namespace shadowd::forecast {
struct Fit;
}

namespace shadowd::journal {

// The kinds are the indices of ports::Change and ports::Effect; of a reply that of ports::ReplyValue, or
// kErrorReply.
inline constexpr uint32_t kKindBits = 6;
inline constexpr size_t kErrorReply = (size_t{1} << kKindBits) - 1;
inline size_t KindOf(uint32_t digest) {
  return digest & ((uint32_t{1} << kKindBits) - 1);
}

Digests DigestOf(const ports::Outcome& outcome);
uint32_t DigestOf(const forecast::Fit& fit);

}  // namespace shadowd::journal
