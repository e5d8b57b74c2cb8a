#include "analysis/arm_record.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "analysis/confidence.h"

namespace shadowd::analysis {
namespace {

constexpr double kDelayShare = 0.05;  // of the predicted p50, in waiting for the CPU or in sending late
constexpr double kSendLagMinUs = 1000;
// One request in a hundred may be sent this late, as a share of the predicted p50: latencies count from the
// planned time, so the median cannot notice it and p95 hardly.
constexpr double kSendLagShare = 0.25;
constexpr double kLoadShareMin = 0.8;  // less than this arrived, beyond chance
constexpr double kStillWarming = 0.8;  // a window this much faster than its predecessor
constexpr int kWarmUpWindowsMax = 3;
constexpr int kCpuWindowsMin = 4;
constexpr double kCpuWindowsOptimal = 10;

double MedianUs(const std::vector<uint32_t>& latency_us) {
  if (latency_us.empty()) {
    return 0;
  }
  std::vector<uint32_t> copy = latency_us;
  const auto middle = copy.begin() + static_cast<std::ptrdiff_t>(copy.size() / 2);
  std::nth_element(copy.begin(), middle, copy.end());
  return *middle;
}

bool Fell(double from, double to) {
  return from > 0 && to > 0 && to < kStillWarming * from;
}

double CpuOf(const model::KpiWindow& window) {
  return window.completed > 0 ? window.cpu_seconds / static_cast<double>(window.completed) : 0;
}

}  // namespace

std::optional<VoidCause> ArmRecord::WhyVoid(const model::KpiWindow& window) const {
  if (!rules_.check_void) {
    return std::nullopt;
  }
  const double p50 = rules_.p50_us > 0 ? rules_.p50_us : MedianUs(window.latency_us);
  const double requests = static_cast<double>(std::max<uint64_t>(window.completed, 1));
  if (window.throttled_periods > 0) {
    return VoidCause::kThrottled;
  }
  if (window.run_delay_seconds * 1e6 / requests > kDelayShare * p50) {
    return VoidCause::kRunDelay;
  }
  if (window.send_lag_p99_us > std::max(kSendLagMinUs, kSendLagShare * p50)) {
    return VoidCause::kSendLag;
  }
  const double due = rules_.planned_rps * ToSeconds(window.length);
  if (static_cast<double>(window.offered) < kLoadShareMin * due - 3 * std::sqrt(due)) {
    return VoidCause::kUnderfed;
  }
  return std::nullopt;
}

bool ArmRecord::StillWarming(const model::KpiWindow& window) {
  if (warm_ || !rules_.check_void) {
    return false;
  }
  const bool dear = !held_ || held_->cpu_seconds < 0 || Fell(CpuOf(*held_), CpuOf(window));
  const bool falling = held_ && dear && Fell(MedianUs(held_->latency_us), MedianUs(window.latency_us));
  if (falling && warm_up_windows_ < kWarmUpWindowsMax) {
    ++warm_up_windows_;
    held_ = window;
    return true;
  }
  if (!held_) {
    held_ = window;
    return true;
  }
  warm_ = true;
  Keep(*held_);
  held_.reset();
  return false;
}

void ArmRecord::Add(const model::KpiWindow& window) {
  if (window.length <= Micros(0)) {
    return;
  }
  if (!first_) {
    first_ = window.start;
  }
  if (window.start - *first_ < rules_.warm_up) {
    return;
  }
  if (const std::optional<VoidCause> cause = WhyVoid(window)) {
    ++void_[static_cast<size_t>(*cause)];
    return;
  }
  if (!StillWarming(window)) {
    Keep(window);
  }
}

void ArmRecord::Keep(const model::KpiWindow& window) {
  ++windows_;
  latency_.Add(window.latency_us);
  offered_ += window.offered;
  completed_ += window.completed;
  errors_ += std::min(window.errors, window.completed);
  mirrored_ += window.mirrored;
  seconds_ += ToSeconds(window.length);
  if (window.cpu_seconds >= 0 && window.completed > 0) {
    const double c = window.cpu_seconds, n = static_cast<double>(window.completed);
    ++cpu_windows_;
    cpu_ += c;
    cpu_requests_ += n;
    cpu_cpu_ += c * c;
    cpu_by_requests_ += c * n;
    requests_squared_ += n * n;
    cpu_time_ += ToSeconds(window.length);
  }
  if (window.memory_bytes >= 0) {
    memory_low_ = memory_windows_ == 0 ? window.memory_bytes : std::min(memory_low_, window.memory_bytes);
    memory_high_ = std::max(memory_high_, window.memory_bytes);
    memory_sum_ += window.memory_bytes;
    ++memory_windows_;
  }
}

int ArmRecord::windows_void() const {
  return std::accumulate(void_.begin(), void_.end(), 0);
}

double ArmRecord::VoidShare() const {
  const int all = windows_ + windows_void();
  return all > 0 ? static_cast<double>(windows_void()) / all : 0;
}

std::string ArmRecord::VoidSummary() const {
  if (windows_void() == 0) {
    return "";
  }
  static constexpr std::array<const char*, kVoidCauses> kNames = {"waited for the CPU", "throttled",
                                                                  "load sent late", "load did not arrive"};
  std::string causes;
  for (size_t i = 0; i < kVoidCauses; ++i) {
    if (void_[i] > 0) {
      causes += fmt::format("{}{} {}", causes.empty() ? "" : ", ", kNames[i], void_[i]);
    }
  }
  return fmt::format("{} of {} windows void: {}", windows_void(), windows_ + windows_void(), causes);
}

double ArmRecord::ThroughputRatio() const {
  return offered_ > 0 ? static_cast<double>(completed_) / static_cast<double>(offered_) : 1;
}

double ArmRecord::ErrorRate() const {
  return completed_ > 0 ? static_cast<double>(errors_) / static_cast<double>(completed_) : 0;
}

std::optional<model::Interval> ArmRecord::CpuPerRequest(double alpha) const {
  if (cpu_windows_ < kCpuWindowsMin) {
    return std::nullopt;
  }
  const double ratio = cpu_ / cpu_requests_;
  const double windows = cpu_windows_;
  const double squares = cpu_cpu_ - 2 * ratio * cpu_by_requests_ + ratio * ratio * requests_squared_;
  const double deviation = std::sqrt(std::max(squares, 0.0) / (windows - 1)) * (1 + 2 / windows);
  const double half = MeanHalfWidth(windows, deviation, kCpuWindowsOptimal, alpha) * windows / cpu_requests_;
  return model::Interval{ratio * 1e6, std::max(ratio - half, 0.0) * 1e6, (ratio + half) * 1e6};
}

double ArmRecord::CpuCores() const {
  return cpu_windows_ > 0 ? cpu_ / cpu_time_ : -1;
}

std::optional<model::Interval> ArmRecord::Memory() const {
  if (memory_windows_ == 0) {
    return std::nullopt;
  }
  return model::Interval{memory_sum_ / memory_windows_, memory_low_, memory_high_};
}

}  // namespace shadowd::analysis
