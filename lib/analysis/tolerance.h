// The delta threshold of one KPI follows production: after each action, |production - curve| / curve at the
// load that came says how far the model was off. The threshold is the 95 % quantile of that, as a function of
// the circumstances, tracked online:
//
//   ln t(x) = offset + w . x;   after each outcome  offset += 0.2 (miss - 0.05),  w += 0.02 (miss - 0.05) x
//
// miss = 1 where the error exceeded t(x). The offset is adaptive conformal inference as quantile tracking
// (Gibbs and Candes 2021; Angelopoulos, Candes and Tibshirani 2023): the share of misses tends to 5 %
// whatever the errors do, since the offset moves on until it does. The weights are a subgradient step of
// quantile regression (Koenker and Bassett 1978). Pure.
#pragma once

#include "base/time.h"
#include "model/learnt.h"

namespace shadowd::analysis {

inline constexpr double kToleranceCoverage = 0.95;

// The circumstances of a trial or of production after it.
struct Circumstances {
  double traffic = 1;     // demand over the demand that was planned for, > 0
  double dispersion = 0;  // standard deviation over mean of demand from window to window, >= 0
  double hour = 0;        // of the day, 0..24
  double mirrored = 0;    // share of the shadows' requests that were real ones, 0..1
};

double HourOfDay(WallTime at);  // 0..24, UTC

struct ToleranceBounds {
  double initial = 0.20;
  double min = 0.05;
  double max = 0.50;
};

double ToleranceAt(const model::ToleranceTracker& tracker, const Circumstances& circumstances,
                   const ToleranceBounds& bounds);

// Takes one outcome in; what is no number changes nothing.
void Learn(double relative_error, const Circumstances& circumstances, const ToleranceBounds& bounds,
           model::ToleranceTracker& tracker);

}  // namespace shadowd::analysis
