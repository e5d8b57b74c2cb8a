// What a journal says, as plain values: with what a control core was started, every event it stepped on, and
// digests of what came out. Made by writer.h, read by reader.h. Value types, any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/time.h"
#include "control/core.h"
#include "ports/event.h"

namespace shadowd::journal {

// The first entry, and only the first.
struct Start {
  std::string build;  // version of the program that wrote it
  WallTime at;
  control::CoreOptions options;
  bool frozen = false;
  std::string freeze_reason;
};

// One number an item, in order (digest.h).
struct Digests {
  std::vector<uint32_t> mutations;
  std::vector<uint32_t> actions;
  std::vector<uint32_t> replies;
  bool operator==(const Digests&) const = default;
};

// A fit is not kept: it follows, to the bit, from the FitInput that the core handed out before.
struct FitMark {
  int version = 0;
  uint32_t digest = 0;
  bool operator==(const FitMark&) const = default;
};

struct Step {
  Now now;
  ports::Event event;          // a ForecastFitted has no fit
  std::optional<FitMark> fit;  // of a ForecastFitted
  Digests out;
};

struct OptionsChanged {
  control::CoreOptions options;
};

// The last entry, unless the daemon was killed.
struct End {
  WallTime at;
  std::string reason;
};

using Entry = std::variant<Start, Step, OptionsChanged, End>;

}  // namespace shadowd::journal
