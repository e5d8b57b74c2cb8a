// Reads production once a second per service: the balancer's counters (`show stat`), its HTTP log (a loopback
// syslog socket of our own) and the CPU and memory of its instances, and emits one ports::ProductionWindow
// each time. One thread for the whole daemon, owned by this object; every method may be called from any
// thread, the sink is called on that thread alone and must not block. A balancer that cannot be reached makes
// the windows stop and LastError say why; it is asked again every second, so recovery needs nobody.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "base/time.h"
#include "daemon/io/usage.h"
#include "model/ids.h"
#include "model/service.h"
#include "ports/event.h"

namespace shadowd::io {

class ProductionObserver {
 public:
  using Sink = std::function<void(ports::Event)>;
  using UsageReader = std::function<std::vector<Usage>()>;
  using WallReader = std::function<WallTime()>;
  // Told when the error of a service changes: OK when it is gone. Called on the observer's thread.
  using ErrorSink = std::function<void(const model::ServiceId&, const Status&)>;

  static StatusOr<std::unique_ptr<ProductionObserver>> Create(Sink sink, UsageReader usage, WallReader wall,
                                                              ErrorSink on_error = nullptr);
  ~ProductionObserver();
  ProductionObserver(const ProductionObserver&) = delete;
  ProductionObserver& operator=(const ProductionObserver&) = delete;

  // Starts to observe, or replaces the spec of what is observed. A spec whose log socket cannot be bound is
  // observed without latencies, and LastError says so.
  void Observe(const model::ServiceSpec& spec);
  void Forget(const model::ServiceId& service);

  // OK while windows flow.
  Status LastError(const model::ServiceId& service) const;
  // Where the log of the service is received ("127.0.0.1:40123"), empty when it has none. Known once Observe
  // returned.
  std::string LogAddress(const model::ServiceId& service) const;
  void Stop();  // joins the thread; no event after it returned

 private:
  class Impl;
  explicit ProductionObserver(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace shadowd::io
