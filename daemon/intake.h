// What others push, by remote write and by OTLP: unpacked, counted, and made windows of production for the
// control core. Owned by App; any thread, save that Tick is the loop's. Batches are worked off one at a time.
#pragma once

#include <absl/base/thread_annotations.h>
#include <absl/synchronization/mutex.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/status.h"
#include "base/time.h"
#include "config/daemon_config.h"
#include "kpi/ingest.h"
#include "model/ids.h"
#include "ports/event.h"

namespace prometheus {
class Registry;
}

namespace shadowd::control {
class Core;
}

namespace shadowd::daemon {

class Intake {
 public:
  using WallReader = std::function<WallTime()>;
  Intake(const config::IngestConfig& config, WallReader wall, prometheus::Registry& registry);
  ~Intake();
  Intake(const Intake&) = delete;
  Intake& operator=(const Intake&) = delete;

  // A body of remote write, packed with snappy. INVALID_ARGUMENT: malformed, or some of it was refused (the
  // rest is taken, and it need not be sent again); RESOURCE_EXHAUSTED: too large.
  Status TakeRemoteWrite(std::string_view packed);
  // An OTLP request; the answer is that of the protocol, with what was refused in its partial success.
  StatusOr<std::string> TakeOtlp(std::string_view message);

  // Hands on the windows that are over, of services that are there and measured by nothing else.
  void Tick(const control::Core& core, const std::function<void(ports::Event)>& sink);

 private:
  struct Counters;
  void Count(const char* protocol, const kpi::BatchOutcome& outcome);

  const config::IngestConfig config_;
  const WallReader wall_;
  std::unique_ptr<Counters> counters_;
  absl::Mutex mutex_;
  kpi::Ingest ingest_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace shadowd::daemon
