// Collects what one shadow did in one window, and closes it into a KpiWindow. Latencies stay in the order of
// completion and are bounded; the sender's own lateness is kept beside them, because a late sender measures
// itself. One thread.
#pragma once

#include <cstdint>
#include <vector>

#include "base/time.h"
#include "model/kpi.h"

namespace shadowd::load {

class Window {
 public:
  void Offer(bool mirrored, Micros lag);
  void Complete(Micros latency, bool error);  // answered, well or badly
  void Fail() { ++errors_; }                  // never answered

  bool empty() const { return offered_ == 0 && completed_ == 0 && errors_ == 0; }
  // The window as measured; CPU and memory are for the caller to fill. Begins anew.
  model::KpiWindow Close(WallTime start, Micros length);

 private:
  uint64_t mirrored_ = 0;
  uint64_t offered_ = 0;
  uint64_t completed_ = 0;
  uint64_t errors_ = 0;
  std::vector<uint32_t> latency_us_;
  std::vector<uint32_t> lag_us_;
};

}  // namespace shadowd::load
