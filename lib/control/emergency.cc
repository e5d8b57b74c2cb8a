#include "control/emergency.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace shadowd::control {

namespace {

// Of the smallest value that is at least this quantile, from 0.
std::ptrdiff_t RankOf(double quantile, size_t count) {
  return static_cast<std::ptrdiff_t>(std::max(0.0, std::ceil(quantile * static_cast<double>(count)) - 1));
}

}  // namespace

double QuantileOf(std::vector<uint32_t> latency_us, double quantile) {
  if (latency_us.empty()) {
    return 0;
  }
  const auto at = latency_us.begin() + RankOf(quantile, latency_us.size());
  std::nth_element(latency_us.begin(), at, latency_us.end());
  return *at;
}

bool OverSlo(const model::KpiWindow& window, const model::Slo& slo) {
  if (window.completed == 0) {
    return false;
  }
  const double error_rate = static_cast<double>(window.errors) / static_cast<double>(window.completed);
  // Counted, not selected: this is asked of every window.
  const auto within = std::count_if(window.latency_us.begin(), window.latency_us.end(),
                                    [&](uint32_t us) { return us <= slo.latency_limit.count(); });
  return error_rate > slo.error_rate_max ||
         (!window.latency_us.empty() && within <= RankOf(slo.latency_quantile, window.latency_us.size()));
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
