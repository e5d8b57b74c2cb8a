// Asks the sources of telemetry, each service's at its interval, and hands on what they say. A few threads
// share the work, started with the first source; a server is asked at most kQuestionsPerSecond times a
// second. A round that fails is not repeated before the next one is due, and rounds that go on failing come
// less often, up to eight intervals apart. Owned by App; any thread; the sink and the error sink are called
// on the poller's threads.
#pragma once

#include <functional>
#include <memory>

#include "base/status.h"
#include "base/time.h"
#include "model/service.h"
#include "ports/event.h"

namespace shadowd::io {

class TelemetryPoller {
 public:
  using Sink = std::function<void(ports::Event)>;
  using WallReader = std::function<WallTime()>;
  // On each change: why telemetry of the service is missing, or OK again.
  using ErrorSink = std::function<void(const model::ServiceId&, const Status&)>;

  static constexpr double kQuestionsPerSecond = 500;

  TelemetryPoller(Sink sink, WallReader wall, ErrorSink on_error);
  TelemetryPoller(const TelemetryPoller&) = delete;
  TelemetryPoller& operator=(const TelemetryPoller&) = delete;
  ~TelemetryPoller();

  // Replaces what was observed of the service; a specification without a source ends it.
  void Observe(const model::ServiceSpec& spec, WallTime known_until);
  void Forget(const model::ServiceId& service);
  // No sink is called after it; waits at most for what is under way, some 100 ms.
  void Stop();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace shadowd::io
