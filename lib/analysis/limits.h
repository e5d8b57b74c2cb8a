// What the engine's files share: when an arm may speak through the joint curve, and how latencies are
// written. Internal to lib/analysis.
#pragma once

#include <fmt/format.h>

#include <cmath>
#include <string>

namespace shadowd::analysis {

inline constexpr int kCurveWindowsMin = 4;  // of an arm, before the curve through it speaks

inline std::string Milliseconds(double us) {
  return std::isfinite(us) ? fmt::format("{:.1f} ms", us * 1e-3) : std::string("unbounded");
}

}  // namespace shadowd::analysis
