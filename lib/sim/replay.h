// Steps a fresh control core on the events of a journal, in its own time, and compares what comes out with
// what came out when it was written. Nothing else is simulated: every result of an effect is in the journal.
// Fits are made again from what the core hands out. Stepping stops at the first difference, for what follows
// would answer a core that no longer exists; the rest is only counted. Pure, one thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "base/time.h"
#include "control/core.h"

namespace shadowd::sim {

struct Transition {
  WallTime at;
  std::string line;  // as the daemon logged it
};

struct Difference {
  uint64_t event = 0;  // counted from 1
  Now now;
  std::string kind;                // of the event
  std::string service;             // "" = the host
  std::string item;                // of what came out: "action 2"
  std::string recorded, replayed;  // what it was, and what it is now
};

struct Replay {
  std::string build;                      // that wrote the journal
  uint64_t events = 0;                    // in the journal
  uint64_t replayed = 0;                  // of them, that came out the same
  std::map<std::string, uint64_t> kinds;  // events by kind
  std::optional<Now> first, last;
  uint64_t fits = 0;  // made again
  std::vector<Transition> transitions;
  std::optional<Difference> difference;
  std::string end;        // why the journal ends, where it says so; "" = the daemon was killed or still runs
  size_t torn_bytes = 0;  // a last frame that was not finished
  Status damage;          // why it could not be read further, with the offset
};

// INVALID_ARGUMENT for what is no journal. `options` instead of the recorded ones where given: what would
// have come out with them.
StatusOr<Replay> ReplayJournal(std::string_view bytes,
                               const std::optional<control::CoreOptions>& options = std::nullopt);

}  // namespace shadowd::sim
