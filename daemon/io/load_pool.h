// Where a worker of a load run puts requests that are due: a bounded set of connections to one target. A pool
// takes a request when a connection is free for it, and tells its recorder what became of it. Owned by its
// worker; the worker's thread.
#pragma once

#include <sys/epoll.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/time.h"
#include "daemon/io/endpoint.h"
#include "daemon/io/transport.h"
#include "load/run_counts.h"
#include "load/wire_request.h"

namespace shadowd::io {

// The place that is loaded and how it is spoken to.
struct LoadTarget {
  Endpoint endpoint;
  std::shared_ptr<const TlsClient> tls;  // null = plain
  size_t connections = 64;               // at most, of one worker
  uint64_t requests_per_connection = 0;  // then it is closed; 0 = kept
  Micros timeout = std::chrono::seconds(5);
};

class LoadPool {
 public:
  virtual ~LoadPool() = default;
  // When it became possible to send a request: the time a connection is free since. Nothing while none is.
  virtual std::optional<MonoTime> FreeSince(MonoTime now) = 0;
  // Sends a request now; FreeSince named a time.
  virtual void Send(const load::WireRequestPtr& request, MonoTime planned) = 0;
  // An event of epoll on one of its connections.
  virtual void OnEvent(const epoll_event& event, std::span<char> buffer) = 0;
  // Deadlines.
  virtual void Sweep(MonoTime now) = 0;
  virtual size_t unanswered() const = 0;  // requests that were sent and are not settled
};

// What became of requests, into the counts of one worker.
class LoadRecorder {
 public:
  explicit LoadRecorder(load::RunCounts& counts) : counts_(counts) {}

  void OnConnect() { ++counts_.connections; }
  // `wrong` names what is wrong with a whole answer ("status_5xx", "body"), or is null.
  void OnAnswer(const load::WireRequest& request, Micros latency, int status, const char* wrong,
                uint64_t bytes);
  void OnFailure(const load::WireRequest& request, const char* trouble);

 private:
  load::RunCounts& counts_;
};

}  // namespace shadowd::io
