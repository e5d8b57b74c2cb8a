// The back-test of the forecast: it is run over a trace as the daemon would run it (history imported, each
// step observed, refitted when it asks), asked at rolling origins, and scored against what came. It never
// sees a value at or after the step that it forecasts. Pure but for the CPU clock that is handed in.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "base/status.h"
#include "forecast/scores.h"
#include "lab/progress.h"
#include "lab/trace_file.h"
#include "sim/scene.h"

namespace shadowd::lab {

struct EvaluateOptions {
  std::vector<int> seasons = {};  // steps; empty = found by the forecast
  int horizon = 0;                // steps; 0 = those of an hour, at most 60
  double coverage = 0.95;
  int origins = 50;         // at most
  double test_share = 0.3;  // of the trace, its end
  double window_days = 14;  // of history before the first origin
};

// What came and what had been said of it, one value a step from the first forecast to the end of the last.
struct ScoredPath {
  WallTime start;
  std::vector<double> observed;                // NaN = a gap
  std::vector<double> expected, lower, upper;  // NaN between the forecasts
};

struct Evaluation {
  size_t series = 1;
  int horizon = 0;
  forecast::Scores scores;          // of several series: means of theirs
  std::optional<double> owa;        // M4 only
  int held_out = 0;                 // M4 only: the scored values, where they are the last of each series
  double seconds_per_forecast = 0;  // CPU: observations, fits and the forecast itself
  // The largest demand of the horizon against PeakUpper, the limit that plans are made with.
  double plan_peak_coverage = 0;
  std::optional<double> plan_peak_margin;
  // Traces only.
  Micros step{0};
  size_t points = 0;
  size_t gap_steps_scored = 0;  // interpolated truth
  double scale = 0;
  ScoredPath path;
};

using CpuSeconds = std::function<double()>;

// `progress` is told how many forecasts are made.
StatusOr<Evaluation> EvaluateTrace(const sim::Trace& trace, const EvaluateOptions& options,
                                   const CpuSeconds& cpu, const Progress& progress = {});

// The competition's terms for its hourly series.
inline constexpr int kM4Horizon = 48;
inline constexpr size_t kM4Season = 24;  // of the scale, unless seasons are given

struct HeldOut {
  std::vector<NamedSeries> train, test;
};
// The last `steps` values of each series, for where nobody has what followed.
StatusOr<HeldOut> HoldOut(std::span<const NamedSeries> all, size_t steps);

// One forecast a series, of hourly steps, made at the end of `train` and scored against `test`.
StatusOr<Evaluation> EvaluateSeries(std::span<const NamedSeries> train, std::span<const NamedSeries> test,
                                    const EvaluateOptions& options, const CpuSeconds& cpu,
                                    const Progress& progress = {});

}  // namespace shadowd::lab
