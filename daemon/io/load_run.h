// A whole run of load against one target: its workers, each a thread, and the sum of what they counted.
#pragma once

#include <atomic>
#include <functional>

#include "base/status.h"
#include "daemon/io/load_worker.h"
#include "load/run_counts.h"

namespace shadowd::io {

struct LoadResult {
  load::RunCounts counts;
  double seconds = 0;      // from the first planned time to the last answer
  double cpu_seconds = 0;  // of all workers
};

struct LoadSnapshot {  // while it goes on
  double seconds = 0;
  uint64_t sent = 0, completed = 0, errors = 0;
};

// Blocks until the run is over or `stop` is set, which ends it within some 20 ms. `watch` is called each
// second on the calling thread. Errors: what the system refuses (descriptors).
StatusOr<LoadResult> RunLoad(const LoadOptions& options, const std::atomic<bool>& stop,
                             const std::function<void(const LoadSnapshot&)>& watch);

}  // namespace shadowd::io
