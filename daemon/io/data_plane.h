// The data plane of all trials: taps production, replays the sampled share to every shadow of the service,
// tops it up with synthetic load to the rate of each feed, and measures what came back. Owned by the daemon's
// app. Set() and Stats() may be called from any thread; the sink is called on the data plane's reporting
// thread with one ShadowWindow per shadow and second. It never sends to an address that is not a feed's, and
// no shadow, however slow, holds up another one, the tap or production: what does not fit in a bounded queue
// is dropped and counted.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "base/status.h"
#include "base/time.h"
#include "daemon/io/usage.h"
#include "model/ids.h"
#include "ports/action.h"
#include "ports/event.h"

namespace shadowd::io {

// Since the service's traffic was first set. The three drops are causes of incompleteness.
struct TrafficStats {
  uint64_t captured = 0;           // requests read whole from the tap
  uint64_t sampled = 0;            // of those, chosen by the hash
  uint64_t mirrored_sent = 0;      // copies put on a connection to a shadow
  uint64_t synthetic_sent = 0;     // generated requests put on a connection to a shadow
  uint64_t skipped_by_policy = 0;  // method not allowed, body over the limit
  uint64_t dropped_by_tap = 0;     // packets that the kernel had no room for
  uint64_t dropped_by_queue = 0;   // copies that a full queue turned away
  uint64_t parse_lost = 0;         // requests seen in part: holes in a stream, malformed
  double completeness = 1;         // share of production's requests that were, or could have been, mirrored
};

class DataPlane {
 public:
  using Sink = std::function<void(ports::Event)>;

  static StatusOr<std::unique_ptr<DataPlane>> Create(Sink sink, std::function<std::vector<Usage>()> usage,
                                                     std::function<Now()> clock);
  DataPlane(const DataPlane&) = delete;
  DataPlane& operator=(const DataPlane&) = delete;
  ~DataPlane();

  // The whole truth for one service. Empty feeds stop it at once: nothing is sent after this returns, save
  // what another thread is inside send() with. An error (no CAP_NET_RAW, unknown interface, bad address)
  // leaves the previous truth in force.
  Status Set(const model::ServiceId& service, const ports::SetTraffic& traffic);
  TrafficStats Stats(const model::ServiceId& service) const;
  void Stop();  // ends all threads; idempotent

 private:
  class Impl;
  explicit DataPlane(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace shadowd::io
