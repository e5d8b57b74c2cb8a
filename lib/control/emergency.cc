#include "control/emergency.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace shadowd::control {

double QuantileOf(std::vector<uint32_t> latency_us, double quantile) {
  if (latency_us.empty()) {
    return 0;
  }
  const double rank = std::ceil(quantile * static_cast<double>(latency_us.size())) - 1;
  const auto at = latency_us.begin() + static_cast<std::ptrdiff_t>(std::max(0.0, rank));
  std::nth_element(latency_us.begin(), at, latency_us.end());
  return *at;
}

bool OverSlo(const model::KpiWindow& window, const model::Slo& slo) {
  if (window.completed == 0) {
    return false;
  }
  const double limit_us = static_cast<double>(slo.latency_limit.count());
  const double error_rate = static_cast<double>(window.errors) / static_cast<double>(window.completed);
  return error_rate > slo.error_rate_max || QuantileOf(window.latency_us, slo.latency_quantile) > limit_us;
}

std::optional<std::string> EmergencyDetector::Observe(const model::KpiWindow& window, const model::Slo& slo,
                                                      const model::TriggerSpec& triggers) {
  if (!OverSlo(window, slo)) {
    recent_.clear();
    return std::nullopt;
  }
  recent_.push_back(
      {window.length, window.completed, window.errors, QuantileOf(window.latency_us, slo.latency_quantile)});
  Micros length{0};
  uint64_t requests = 0, errors = 0;
  double worst_us = 0;
  for (const Second& second : recent_) {
    length += second.length;
    requests += second.requests;
    errors += second.errors;
    worst_us = std::max(worst_us, second.quantile_us);
  }
  if (length < triggers.emergency_after || requests < triggers.emergency_requests) {
    return std::nullopt;
  }
  while (recent_.size() > 1 && length - recent_.front().length >= triggers.emergency_after) {
    length -= recent_.front().length;
    recent_.pop_front();
  }
  return fmt::format(
      "over the SLO for {:.0f} s: p{:g} up to {:.0f} ms against {:.0f} ms, {} errors in {} requests",
      ToSeconds(length), slo.latency_quantile * 100, worst_us / 1000,
      static_cast<double>(slo.latency_limit.count()) / 1000, errors, requests);
}

}  // namespace shadowd::control
