// Production over its SLO now: the latency quantile over the last seconds is above the limit, or errors are,
// on enough requests. Owned by ServiceMachine; pure.
#pragma once

#include <deque>
#include <optional>
#include <string>

#include "base/time.h"
#include "model/kpi.h"
#include "model/service.h"

namespace shadowd::control {

class EmergencyDetector {
 public:
  // The evidence in words when every window of the last `emergency_after` was over the SLO and together they
  // hold at least `emergency_requests` requests.
  std::optional<std::string> Observe(const model::KpiWindow& window, const model::Slo& slo,
                                     const model::TriggerSpec& triggers);
  void Reset() { recent_.clear(); }

 private:
  struct Second {
    Micros length{0};
    uint64_t requests = 0;
    uint64_t errors = 0;
    double quantile_us = 0;
  };
  std::deque<Second> recent_;  // only windows over the SLO, without a gap; bounded by emergency_after
};

// The quantile of unsorted latencies (nearest rank); 0 when there are none.
double QuantileOf(std::vector<uint32_t> latency_us, double quantile);

// True when this window alone is over the SLO.
bool OverSlo(const model::KpiWindow& window, const model::Slo& slo);

}  // namespace shadowd::control
