// What all services of the host share: the quota of shadows, the host's head-room and the freeze. A trial
// starts only with its grant and gives it back when its last shadow is gone. Owned by Core; pure.
#pragma once

#include <map>
#include <string>

#include "base/status.h"
#include "model/ids.h"
#include "ports/event.h"

namespace shadowd::control {

struct HostLimits {
  int max_shadows = 16;
  double memory_reserve_bytes = 256.0 * (1 << 20);  // kept free of shadows
  double cpu_pressure_max = 60;                     // PSI some avg10, per cent; above it no trial starts
};

class HostArbiter {
 public:
  explicit HostArbiter(HostLimits limits) : limits_(limits) {}

  // RESOURCE_EXHAUSTED or FAILED_PRECONDITION with the reason when the trial may not start now.
  Status Grant(const model::TrialId& trial, int shadows);
  void Release(const model::TrialId& trial);

  void SetFrozen(bool frozen, std::string reason);
  void SetPressure(const ports::HostPressure& pressure) { pressure_ = pressure; }
  void SetLimits(HostLimits limits) { limits_ = limits; }

  bool frozen() const { return frozen_; }
  const std::string& frozen_reason() const { return frozen_reason_; }
  int shadows() const;
  const HostLimits& limits() const { return limits_; }

 private:
  HostLimits limits_;
  std::map<model::TrialId, int> grants_;
  ports::HostPressure pressure_{.memory_available_bytes = -1, .cpu_some_avg10 = -1};
  bool frozen_ = false;
  std::string frozen_reason_;
};

}  // namespace shadowd::control
