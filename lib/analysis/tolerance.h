// The delta threshold learns from its outcomes: the conformal quantile of past relative errors, corrected by
// the misses it made (adaptive conformal inference, Gibbs and Candes 2021). Pure.
#pragma once

#include <span>

namespace shadowd::analysis {

inline constexpr double kToleranceMin = 0.05;
inline constexpr double kToleranceMax = 0.50;

// The tolerance of one KPI after these outcomes (oldest first), for this coverage (0.5..0.99). `initial`
// stands until there are enough of them.
double TunedTolerance(std::span<const double> past_relative_errors, double initial, double coverage);

}  // namespace shadowd::analysis
