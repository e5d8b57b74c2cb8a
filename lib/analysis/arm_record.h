// What one arm (or production) has shown so far: the windows that count, summed up in bounded memory, and the
// number of those that do not, by cause. Owned by an Engine; value type; pure.
//
// A window is void when it does not show the service: its process waited for the CPU or was throttled, the
// load generator was late, or the load did not arrive. Warm-up is discarded: a fixed time, then as long as
// one window after another still gets faster by a fifth (at most kWarmUpWindowsMax).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "analysis/latency_record.h"
#include "base/time.h"
#include "model/kpi.h"

namespace shadowd::analysis {

enum class VoidCause { kRunDelay, kThrottled, kSendLag, kUnderfed };
inline constexpr size_t kVoidCauses = 4;

struct RecordRules {
  Micros warm_up{0};
  double planned_rps = 0;  // 0 = do not check that the load arrived
  double p50_us = 0;       // predicted; 0 = use the window's own
  bool check_void = true;  // production's windows are never void
};

class ArmRecord {
 public:
  ArmRecord() = default;
  explicit ArmRecord(RecordRules rules) : rules_(rules) {}

  void Add(const model::KpiWindow& window);

  const LatencyRecord& latency() const { return latency_; }
  int windows() const { return windows_; }
  int windows_void() const;
  double VoidShare() const;
  std::string VoidSummary()
      const;  // "6 of 12 windows: waited for the CPU 5, load arrived late 1"; "" without

  uint64_t offered() const { return offered_; }
  uint64_t completed() const { return completed_; }
  uint64_t errors() const { return errors_; }
  double seconds() const { return seconds_; }
  bool mostly_mirrored() const { return mirrored_ * 2 >= offered_ && mirrored_ > 0; }

  double LoadRps() const { return seconds_ > 0 ? static_cast<double>(offered_) / seconds_ : 0; }
  double ThroughputRatio() const;
  double ErrorRate() const;

  // CPU microseconds per completed request with its confidence sequence; nullopt while unknown.
  std::optional<model::Interval> CpuPerRequest(double alpha) const;
  double CpuCores() const;                        // < 0 when unknown
  std::optional<model::Interval> Memory() const;  // mean, smallest and largest of the windows

 private:
  std::optional<VoidCause> WhyVoid(const model::KpiWindow& window) const;
  bool StillWarming(const model::KpiWindow& window);
  void Keep(const model::KpiWindow& window);

  RecordRules rules_;
  LatencyRecord latency_;
  std::optional<WallTime> first_;
  bool warm_ = false;
  int warm_up_windows_ = 0;
  std::optional<model::KpiWindow> held_;  // until its successor shows that warm-up is over
  std::array<int, kVoidCauses> void_{};
  int windows_ = 0;
  uint64_t offered_ = 0, completed_ = 0, errors_ = 0, mirrored_ = 0;
  double seconds_ = 0;
  // Sums over the windows with known CPU: of c, n, c*c, c*n, n*n; c CPU seconds, n completed.
  int cpu_windows_ = 0;
  double cpu_ = 0, cpu_requests_ = 0, cpu_cpu_ = 0, cpu_by_requests_ = 0, requests_squared_ = 0;
  double cpu_time_ = 0;  // length of those windows
  int memory_windows_ = 0;
  double memory_sum_ = 0, memory_low_ = 0, memory_high_ = 0;
};

}  // namespace shadowd::analysis
