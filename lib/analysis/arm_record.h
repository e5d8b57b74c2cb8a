// What one arm (or production) has shown so far: the windows that count, summed up in bounded memory, and the
// number of those that do not, by cause. Owned by an Engine; value type; pure.
//
// A window is void when it does not show the service: its process waited for the CPU or was throttled, the
// load generator was late, the load did not arrive, or its figures cannot be (not a number, counters that
// began anew, a clock that went back). Warm-up is discarded: a fixed time, then up to the change point of the
// first windows (warm_up.h), which are kept as they are until there are enough of them to tell.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "analysis/window_totals.h"
#include "base/time.h"
#include "model/kpi.h"

namespace shadowd::analysis {

enum class VoidCause { kRunDelay, kThrottled, kSendLag, kUnderfed, kImpossible, kClock };
inline constexpr size_t kVoidCauses = 6;

struct RecordRules {
  Micros warm_up{0};
  double planned_rps = 0;     // 0 = do not check that the load arrived
  double p50_us = 0;          // predicted; 0 = use the window's own
  bool check_starved = true;  // production's windows are what they are: neither starved nor underfed nor cold
};

class ArmRecord {
 public:
  ArmRecord() = default;
  explicit ArmRecord(RecordRules rules) : rules_(rules) {}

  void Add(const model::KpiWindow& window);

  const LatencyRecord& latency() const { return totals_.latency; }
  int windows() const { return totals_.windows; }
  int windows_void() const;
  int windows_warm_up() const { return warm_up_windows_; }  // discarded beyond the fixed time
  double VoidShare() const;
  // "6 of 12 windows void: waited for the CPU 5, load sent late 1"; "" without.
  std::string VoidSummary() const;

  uint64_t offered() const { return totals_.offered; }
  uint64_t completed() const { return totals_.completed; }
  uint64_t errors() const { return static_cast<uint64_t>(totals_.errors.amount()); }
  double seconds() const { return totals_.seconds; }
  bool mostly_mirrored() const { return totals_.mirrored * 2 >= totals_.offered && totals_.mirrored > 0; }

  double LoadRps() const;
  double ThroughputRatio() const;
  double ErrorRate() const { return totals_.errors.Ratio(); }
  double ErrorDesignEffect() const { return totals_.errors.EventDesignEffect(); }

  // CPU microseconds per completed request with its confidence sequence; nullopt while unknown.
  std::optional<model::Interval> CpuPerRequest(double alpha) const;
  double CpuCores() const;  // < 0 when unknown
  std::optional<model::Interval> Memory() const { return totals_.Memory(); }

 private:
  std::optional<VoidCause> WhyVoid(const model::KpiWindow& window) const;
  std::optional<VoidCause> WhyStarved(const model::KpiWindow& window) const;
  void Keep(const model::KpiWindow& window);

  RecordRules rules_;
  WindowTotals totals_;
  std::optional<WallTime> first_, latest_;
  std::vector<model::KpiWindow> early_;  // empty once it is clear where warm-up ended
  bool warm_ = false;
  int warm_up_windows_ = 0;
  std::array<int, kVoidCauses> void_{};
};

}  // namespace shadowd::analysis
