// What one replica has consumed so far, as the provider reads it from /proc or its cgroup. Counters only grow
// while the replica lives; who wants rates takes differences. Plain value, any thread.
#pragma once

#include <cstdint>

#include "model/ids.h"

namespace shadowd::io {

struct Usage {
  model::ReplicaId id;
  double cpu_seconds = 0;          // user and system, since the start; < 0 when unknown
  double memory_bytes = 0;         // resident now; < 0 when unknown
  double run_delay_seconds = 0;    // time spent runnable but not running, since the start
  uint64_t throttled_periods = 0;  // of a CPU quota, since the start
  bool operator==(const Usage&) const = default;
};

}  // namespace shadowd::io
