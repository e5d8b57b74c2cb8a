// Turns production's windows into points of the capacity curve: what the mean instance showed at its load
// while the number of instances stood still. Owned by ServiceMachine; pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "model/kpi.h"
#include "ports/event.h"

namespace shadowd::control {

// The service's window divided by its instances: counts and CPU per instance, latencies as they are. CPU and
// memory are those of the instances, or of the service where no instance was measured by itself.
model::KpiWindow MeanInstance(const ports::ProductionWindow& window);

class ProductionMeter {
 public:
  // A point each ten seconds of unchanged production with at least 200 requests; a change starts anew after
  // two seconds.
  std::optional<model::CapacityPoint> Observe(const ports::ProductionWindow& window,
                                              const std::string& version);
  void Reset();

 private:
  std::string version_;
  int serving_ = 0;
  int skip_ = 0;
  int windows_ = 0;
  Micros length_{0};
  double offered_ = 0, completed_ = 0, errors_ = 0, cpu_seconds_ = 0, memory_bytes_ = 0;
  int cpu_windows_ = 0;
  std::vector<uint32_t> latency_us_;
};

}  // namespace shadowd::control
