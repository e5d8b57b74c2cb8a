#include "analysis/arm_record.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "analysis/warm_up.h"

namespace shadowd::analysis {
namespace {

constexpr double kDelayShare = 0.05;  // of the predicted p50, in waiting for the CPU
constexpr double kSendLagMinUs = 1000;
// One request in a hundred may be sent this late, as a share of the predicted p50: latencies count from the
// planned time, so the median cannot notice it and p95 hardly.
constexpr double kSendLagShare = 0.25;
constexpr double kLoadShareMin = 0.8;  // less than this arrived, beyond chance
constexpr size_t kEarlyWindows = 2 * kWarmUpWindowsMax;
// Shadows of one arm are read in turn, so windows may lie a little before the latest. A clock that was set
// back does not.
constexpr Micros kClockSlack = std::chrono::seconds(5);
constexpr double kCoresMax = 4096;  // more CPU time than any machine has
constexpr double kRateMax = 1e9;    // requests a second; more is a counter that ran backwards

double MedianUs(const std::vector<uint32_t>& latency_us) {
  if (latency_us.empty()) {
    return 0;
  }
  std::vector<uint32_t> copy = latency_us;
  const auto middle = copy.begin() + static_cast<std::ptrdiff_t>(copy.size() / 2);
  std::nth_element(copy.begin(), middle, copy.end());
  return *middle;
}

bool Possible(const model::KpiWindow& window) {
  const double seconds = ToSeconds(window.length), most = kRateMax * seconds;
  // Below zero CPU and memory are unknown, which is allowed; not a number is not.
  const bool finite = std::isfinite(window.cpu_seconds) && std::isfinite(window.memory_bytes) &&
                      std::isfinite(window.run_delay_seconds) && std::isfinite(window.send_lag_p99_us);
  return finite && static_cast<double>(window.offered) <= most &&
         static_cast<double>(window.completed) <= most &&
         window.errors <= window.offered + window.completed && window.cpu_seconds <= kCoresMax * seconds &&
         window.run_delay_seconds >= 0;
}

}  // namespace

std::optional<VoidCause> ArmRecord::WhyVoid(const model::KpiWindow& window) const {
  if (!Possible(window)) {
    return VoidCause::kImpossible;
  }
  if (latest_ && window.start + kClockSlack < *latest_) {
    return VoidCause::kClock;
  }
  return rules_.check_starved ? WhyStarved(window) : std::nullopt;
}

std::optional<VoidCause> ArmRecord::WhyStarved(const model::KpiWindow& window) const {
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

void ArmRecord::Add(const model::KpiWindow& window) {
  if (window.length <= Micros(0)) {
    return;
  }
  if (!first_) {
    first_ = window.start;
  }
  const std::optional<VoidCause> cause = WhyVoid(window);
  if (cause != VoidCause::kClock) {
    latest_ = std::max(latest_.value_or(window.start), window.start);
    if (window.start - *first_ < rules_.warm_up) {
      return;
    }
  }
  if (cause) {
    ++void_[static_cast<size_t>(*cause)];
    return;
  }
  Keep(window);
}

// The first windows are summed anew with each of them, without those that turned out to be warm-up.
void ArmRecord::Keep(const model::KpiWindow& window) {
  if (warm_ || !rules_.check_starved) {
    totals_.Add(window);
    return;
  }
  early_.push_back(window);
  const size_t warm_up = WarmUpWindows(early_);
  if (static_cast<int>(warm_up) == warm_up_windows_) {
    totals_.Add(window);
  } else {
    totals_ = {};
    for (size_t i = warm_up; i < early_.size(); ++i) {
      totals_.Add(early_[i]);
    }
    warm_up_windows_ = static_cast<int>(warm_up);
  }
  if (early_.size() >= kEarlyWindows) {
    warm_ = true;
    early_ = {};
  }
}

int ArmRecord::windows_void() const {
  return std::accumulate(void_.begin(), void_.end(), 0);
}

double ArmRecord::VoidShare() const {
  const int all = windows() + windows_void();
  return all > 0 ? static_cast<double>(windows_void()) / all : 0;
}

std::string ArmRecord::VoidSummary() const {
  if (windows_void() == 0) {
    return "";
  }
  static constexpr std::array<const char*, kVoidCauses> kNames = {
      "waited for the CPU",     "throttled",          "load sent late", "load did not arrive",
      "figures that cannot be", "the clock went back"};
  std::string causes;
  for (size_t i = 0; i < kVoidCauses; ++i) {
    if (void_[i] > 0) {
      causes += fmt::format("{}{} {}", causes.empty() ? "" : ", ", kNames[i], void_[i]);
    }
  }
  return fmt::format("{} of {} windows void: {}", windows_void(), windows() + windows_void(), causes);
}

double ArmRecord::LoadRps() const {
  return seconds() > 0 ? static_cast<double>(offered()) / seconds() : 0;
}

double ArmRecord::ThroughputRatio() const {
  return offered() > 0 ? static_cast<double>(completed()) / static_cast<double>(offered()) : 1;
}

std::optional<model::Interval> ArmRecord::CpuPerRequest(double alpha) const {
  const std::optional<model::Interval> seconds = totals_.cpu.MeanInterval(alpha);
  if (!seconds) {
    return std::nullopt;
  }
  return model::Interval{seconds->expected * 1e6, seconds->low * 1e6, seconds->high * 1e6};
}

double ArmRecord::CpuCores() const {
  return totals_.cpu.windows() > 0 ? totals_.cpu.amount() / totals_.cpu_time : -1;
}

}  // namespace shadowd::analysis
