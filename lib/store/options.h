// How a store is opened, and the counters that it publishes. Values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include "base/time.h"

namespace shadowd::store {

struct Options {
  std::string directory = {};                        // made (0750) when absent
  size_t group_max = 512;                            // batches in one transaction
  Micros group_wait = std::chrono::milliseconds(2);  // waited for as many as the last group had
  size_t queue_max = 8192;                           // batches waiting; more are refused
  Micros probe_interval = std::chrono::seconds(1);   // between attempts to write again after the disk failed
  std::function<WallTime()> clock = {};              // for retention of demand; the system's when empty
};

struct Stats {
  uint64_t commits = 0;       // batches acknowledged
  uint64_t failed = 0;        // batches whose `done` got an error
  uint64_t refused = 0;       // Commit calls that returned an error
  uint64_t rows = 0;          // mutations written, to either file
  uint64_t groups = 0;        // transactions of state.db
  uint64_t expired_rows = 0;  // deleted from state.db by retention
  size_t queue_depth = 0;
  bool writable = true;                // false: commits are refused until the disk works again
  bool telemetry_moved_aside = false;  // telemetry.db was damaged and is now telemetry.db.corrupt
  std::string last_error;
};

}  // namespace shadowd::store
