// What a run of load did and measured; sums of its workers' counts. Each request that was planned is in
// exactly one place: planned = sent + not_sent, and sent = completed + those that were never answered (the
// sum of `unanswered`). Completed ones may still be errors: `wrong_answers` counts those by kind. Value
// types; one thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "series/histogram.h"

namespace shadowd::load {

struct RouteCounts {
  std::string name;  // "GET /item/*"
  uint64_t completed = 0;
  uint64_t errors = 0;  // of both kinds
  series::Histogram latency;
};

struct RunCounts {
  uint64_t planned = 0;
  uint64_t sent = 0;
  uint64_t not_sent = 0;                          // the run was over before a connection was free
  uint64_t completed = 0;                         // answered to the end, whatever the status
  std::map<std::string, uint64_t> unanswered;     // connect, tls, reset, malformed, timeout
  std::map<std::string, uint64_t> wrong_answers;  // status_4xx, status_5xx, body, grpc_N
  std::map<int, uint64_t> statuses;               // by class, 2 = 2xx
  uint64_t bytes_sent = 0;
  uint64_t bytes_received = 0;
  uint64_t connections = 0;  // opened
  // Microseconds. From the planned time to the end of the answer: nothing is left out because the target was
  // slow to take it.
  series::Histogram latency;
  // How late the sender itself was: from when a request was due and a connection free for it.
  series::Histogram send_lag;
  // What requests waited for a free connection: the target's doing, or too few connections.
  series::Histogram connection_wait;
  std::vector<RouteCounts> routes;

  void Add(const RunCounts& other);  // of the same routes
  uint64_t Errors() const;           // unanswered and wrong answers
};

// Whether what was measured may be believed, and if not why. The sender's own lateness adds to every latency;
// where the usual one is over 5 % of the usual latency it distorts it. "" = it may.
std::string WhyInvalid(const RunCounts& counts);

}  // namespace shadowd::load
