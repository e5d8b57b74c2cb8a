// The figures of each service for /metrics: production as the balancer shows it and what the mirror caught
// and lost. One label, the service, so the series are bounded by the services; they go when a service goes.
// Owned by App; any thread.
#pragma once

#include <memory>
#include <string>

#include "base/status.h"
#include "model/ids.h"
#include "ports/event.h"

namespace prometheus {
class Registry;
}
namespace shadowd::io {
struct TrafficStats;
}

namespace shadowd::daemon {

class ServiceMetrics {
 public:
  explicit ServiceMetrics(prometheus::Registry& registry);
  ~ServiceMetrics();
  ServiceMetrics(const ServiceMetrics&) = delete;
  ServiceMetrics& operator=(const ServiceMetrics&) = delete;

  void ObserveProduction(const model::ServiceId& service, const ports::ProductionWindow& window);
  void ObserveMirror(const model::ServiceId& service, const io::TrafficStats& stats);
  void Forget(const model::ServiceId& service);

 private:
  struct Families;
  std::unique_ptr<Families> families_;
};

// One line where production came to be, or ceased to be, readable.
void LogObserved(const model::ServiceId& service, const Status& status);

}  // namespace shadowd::daemon
