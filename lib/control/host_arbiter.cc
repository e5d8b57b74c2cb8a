#include "control/host_arbiter.h"

#include <numeric>
#include <utility>

namespace shadowd::control {

int HostArbiter::shadows() const {
  return std::accumulate(grants_.begin(), grants_.end(), 0,
                         [](int sum, const auto& grant) { return sum + grant.second; });
}

Status HostArbiter::Grant(const model::TrialId& trial, int shadows) {
  if (frozen_) {
    return WithReason(FailedPrecondition("the host is frozen: {}", frozen_reason_), "FROZEN");
  }
  if (HostArbiter::shadows() + shadows > limits_.max_shadows) {
    return WithReason(ResourceExhausted("{} shadows asked, {} run, the host allows {}", shadows,
                                        HostArbiter::shadows(), limits_.max_shadows),
                      "SHADOW_QUOTA");
  }
  if (pressure_.memory_available_bytes >= 0 &&
      pressure_.memory_available_bytes < limits_.memory_reserve_bytes) {
    return WithReason(ResourceExhausted("only {:.0f} MiB of memory are available, {:.0f} MiB are reserved",
                                        pressure_.memory_available_bytes / (1 << 20),
                                        limits_.memory_reserve_bytes / (1 << 20)),
                      "HOST_MEMORY");
  }
  if (pressure_.cpu_some_avg10 > limits_.cpu_pressure_max) {
    return WithReason(ResourceExhausted("CPU pressure is {:.0f} %, the limit {:.0f} %",
                                        pressure_.cpu_some_avg10, limits_.cpu_pressure_max),
                      "HOST_PRESSURE");
  }
  grants_[trial] = shadows;
  return absl::OkStatus();
}

void HostArbiter::Release(const model::TrialId& trial) {
  grants_.erase(trial);
}

void HostArbiter::SetFrozen(bool frozen, std::string reason) {
  frozen_ = frozen;
  frozen_reason_ = std::move(reason);
}

}  // namespace shadowd::control
