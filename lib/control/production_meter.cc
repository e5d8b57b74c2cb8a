#include "control/production_meter.h"

#include <algorithm>

#include "control/emergency.h"

namespace shadowd::control {
namespace {

constexpr int kWindowsPerPoint = 10;
constexpr int kSkipAfterChange = 2;
constexpr double kRequestsMin = 200;
constexpr size_t kLatenciesMax = 50'000;

}  // namespace

model::KpiWindow MeanInstance(const ports::ProductionWindow& window) {
  model::KpiWindow mean = window.service;
  const uint64_t serving = static_cast<uint64_t>(std::max(1, window.serving));
  mean.offered /= serving;
  mean.completed /= serving;
  mean.errors /= serving;
  double cpu = 0, memory = 0, delay = 0;
  int known = 0;
  for (const ports::ReplicaKpi& instance : window.instances) {
    if (instance.window.cpu_seconds >= 0) {
      cpu += instance.window.cpu_seconds;
      memory += std::max(0.0, instance.window.memory_bytes);
      delay += instance.window.run_delay_seconds;
      ++known;
    }
  }
  if (known == 0 && window.instances.empty() && window.serving > 0) {  // measured of all together
    const auto each = [&window](double all) { return all > 0 ? all / window.serving : -1; };
    mean.cpu_seconds = each(window.service.cpu_seconds);
    mean.memory_bytes = each(window.service.memory_bytes);
    return mean;
  }
  mean.cpu_seconds = known > 0 ? cpu / known : -1;
  mean.memory_bytes = known > 0 ? memory / known : -1;
  mean.run_delay_seconds = known > 0 ? delay / known : 0;
  return mean;
}

void ProductionMeter::Reset() {
  *this = ProductionMeter();
}

std::optional<model::CapacityPoint> ProductionMeter::Observe(const ports::ProductionWindow& window,
                                                             const std::string& version) {
  if (window.serving != serving_ || version != version_) {
    Reset();
    serving_ = window.serving;
    version_ = version;
    skip_ = kSkipAfterChange;
    return std::nullopt;
  }
  if (skip_ > 0 || window.serving == 0) {
    skip_ = std::max(0, skip_ - 1);
    return std::nullopt;
  }
  const model::KpiWindow mean = MeanInstance(window);
  ++windows_;
  length_ += window.service.length;
  offered_ += static_cast<double>(window.service.offered);
  completed_ += static_cast<double>(window.service.completed);
  errors_ += static_cast<double>(window.service.errors);
  if (mean.cpu_seconds >= 0) {
    cpu_seconds_ += mean.cpu_seconds;
    memory_bytes_ = mean.memory_bytes;
    ++cpu_windows_;
  }
  const size_t room = kLatenciesMax - std::min(kLatenciesMax, latency_us_.size());
  const auto end = window.service.latency_us.begin() +
                   static_cast<std::ptrdiff_t>(std::min(room, window.service.latency_us.size()));
  latency_us_.insert(latency_us_.end(), window.service.latency_us.begin(), end);
  if (windows_ < kWindowsPerPoint || offered_ < kRequestsMin) {
    return std::nullopt;
  }
  model::CapacityPoint point;
  point.at = window.service.start + window.service.length;
  point.version = version_;
  point.source = model::KpiSource::kProduction;
  point.instances = serving_;
  point.load_rps = offered_ / ToSeconds(length_) / serving_;
  point.requests = completed_;
  if (!latency_us_.empty()) {
    point.p50_us = QuantileOf(latency_us_, 0.5);
    point.p95_us = QuantileOf(latency_us_, 0.95);
    point.p99_us = QuantileOf(latency_us_, 0.99);
  }
  point.throughput_ratio = offered_ > 0 ? std::min(1.0, completed_ / offered_) : 1;
  point.error_rate = completed_ > 0 ? errors_ / completed_ : 0;
  point.cpu_cores = cpu_windows_ == windows_ ? cpu_seconds_ / ToSeconds(length_) : -1;
  point.memory_bytes = cpu_windows_ > 0 ? memory_bytes_ : -1;
  const int serving = serving_;
  Reset();
  serving_ = serving;
  version_ = version;
  return point;
}

}  // namespace shadowd::control
