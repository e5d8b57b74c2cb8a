// One source of telemetry of one service, asked round by round by the poller. An implementation is used by
// one thread at a time.
#pragma once

#include <vector>

#include "base/status.h"
#include "base/time.h"
#include "ports/event.h"

namespace shadowd::io {

class HttpClient;

// What a round brought. Both may be there: what is known is taken, what is missing is said.
struct Polled {
  std::vector<ports::Payload> events;
  Status status;          // why something, or all, is missing; OK = nothing is
  Micros retry_after{0};  // the server wishes to be left alone
};

class TelemetrySource {
 public:
  virtual ~TelemetrySource() = default;
  virtual Micros interval() const = 0;
  virtual Polled Poll(HttpClient& client, WallTime now) = 0;
};

}  // namespace shadowd::io
