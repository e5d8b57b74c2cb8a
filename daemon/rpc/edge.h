// What every service of the API works with. Owned by the server; the parts are thread-safe.
#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <vector>

#include "base/status.h"
#include "base/time.h"
#include "daemon/rpc/dispatcher.h"
#include "daemon/rpc/open_calls.h"
#include "daemon/rpc/peer_book.h"
#include "daemon/rpc/request_cache.h"
#include "model/intent.h"

namespace shadowd::v1 {
class DaemonStatus;
}

namespace shadowd::daemon {

// What the app lends to the edge. Every function may be called from any thread and must not block.
struct EdgeHooks {
  std::function<WallTime()> wall_time;
  std::string version;
  WallTime start_time;
  int64_t pid = 0;
  // Newest first, those below `before_sequence`; `done` may run on any thread.
  std::function<void(int64_t before_sequence, int limit,
                     std::function<void(StatusOr<std::vector<model::AuditRow>>)> done)>
      list_audit;
  // Adds what only the app knows: degraded reasons, the host's memory and pressure. Runs on the loop thread.
  std::function<void(v1::DaemonStatus&)> complete_status;
  // After each call: "Services.GetService", "OK", how long it took.
  std::function<void(const std::string& method, const std::string& code, Micros took)> on_call;
};

struct EdgeLimits {
  Micros unary_deadline_max = std::chrono::seconds(30);  // a call whose client waits longer ends here
  size_t answers_kept = 4096;                            // for repeated request ids
  size_t open_calls_max = 256;                           // watches, streams and waits
  size_t watch_queue = 1024;                             // changes fetched ahead for one watcher
  size_t services_max = 10'000;
};

struct Edge {
  Edge(Dispatcher& the_dispatcher, EdgeHooks the_hooks, EdgeLimits the_limits)
      : dispatcher(the_dispatcher),
        hooks(std::move(the_hooks)),
        limits(the_limits),
        requests(the_limits.answers_kept),
        open_calls(the_limits.open_calls_max) {}

  Dispatcher& dispatcher;
  const EdgeHooks hooks;
  const EdgeLimits limits;
  PeerBook peers;
  RequestCache requests;
  OpenCalls open_calls;
  std::atomic<bool> serving{false};  // restored and open for work
};

}  // namespace shadowd::daemon
