#include "analysis/window_totals.h"

#include <algorithm>

namespace shadowd::analysis {

void WindowTotals::Add(const model::KpiWindow& window) {
  ++windows;
  latency.Add(window.latency_us);
  offered += window.offered;
  completed += window.completed;
  mirrored += window.mirrored;
  seconds += ToSeconds(window.length);
  if (window.completed > 0) {
    const auto answered = static_cast<double>(window.completed);
    errors.Add(static_cast<double>(std::min(window.errors, window.completed)), answered);
    if (window.cpu_seconds >= 0) {
      cpu.Add(window.cpu_seconds, answered);
      cpu_time += ToSeconds(window.length);
    }
  }
  if (window.memory_bytes >= 0) {
    memory_low = memory_windows == 0 ? window.memory_bytes : std::min(memory_low, window.memory_bytes);
    memory_high = std::max(memory_high, window.memory_bytes);
    memory_sum += window.memory_bytes;
    ++memory_windows;
  }
}

std::optional<model::Interval> WindowTotals::Memory() const {
  if (memory_windows == 0) {
    return std::nullopt;
  }
  return model::Interval{memory_sum / memory_windows, memory_low, memory_high};
}

}  // namespace shadowd::analysis
