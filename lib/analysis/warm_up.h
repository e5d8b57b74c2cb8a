// Where a shadow's warm-up ends: the change point of its windows. A window's level is the logarithm of its
// median latency; the split into an earlier, slower part and a later one is accepted where the difference is
// large against the scatter within both parts (likelihood ratio of one change in a normal mean; Hinkley,
// Biometrika 57, 1970) and, where CPU is known, requests became cheaper as well: a queue that shrinks is no
// warm-up. Pure function.
#pragma once

#include <span>

#include "model/kpi.h"

namespace shadowd::analysis {

inline constexpr size_t kWarmUpWindowsMax = 6;

// How many of the first windows are warm-up.
size_t WarmUpWindows(std::span<const model::KpiWindow> windows);

}  // namespace shadowd::analysis
