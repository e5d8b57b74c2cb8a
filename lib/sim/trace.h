// Traces of demand: made from irregular samples, checked, scaled, split into history and play, and changed by
// a scene's events. Pure functions; every error says what is wrong with the data and what is allowed.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/rng.h"
#include "base/status.h"
#include "base/time.h"
#include "sim/scene.h"

namespace shadowd::sim {

struct TraceSample {
  WallTime at;
  double rps = 0;  // NaN = a row without a value: a gap
};

struct TraceOptions {
  std::string name;
  Micros step = std::chrono::seconds(15);
  // Between two samples no farther apart than this, steps without one are interpolated; farther apart they
  // are a gap. 0 = four times the median distance of the samples.
  Micros bridge{0};
  double gap_share_max = 0.2;  // of the steps
  Micros shortest = std::chrono::hours(2);
  int64_t steps_max = 4'000'000;  // about two years at 15 s
};

// Samples ascend in time. A step's value is the mean of the samples in it.
StatusOr<Trace> MakeTrace(std::span<const TraceSample> samples, const TraceOptions& options);

// The same trace with this maximum. INVALID_ARGUMENT unless peak_rps is finite and above 0.
StatusOr<Trace> ScaledToPeak(Trace trace, double peak_rps);

struct TraceSplit {
  Trace history;
  Trace play;
};
// The first `history_share` (0 to below 1) of the steps is what policies may learn from.
StatusOr<TraceSplit> SplitTrace(const Trace& trace, double history_share = 0.5);

// Demand while the events are under way: flash crowds and shifts multiply it. Gaps of the play are filled by
// the demand before them, since something must be played.
Trace WithEvents(const Trace& play, std::span<const SceneEvent> events);
// The factor on demand of all events at a time since the start of the play, and on the cost of a request.
double DemandFactor(std::span<const SceneEvent> events, Micros at);
double CostFactor(std::span<const SceneEvent> events, Micros at);

// Requests per second that come in a step at this demand: a Poisson count.
double NoisyDemand(double demand_rps, Micros step, Rng& rng);

// "deploy:AT:+30%", "flash:AT:x2:10m", "shift:AT:-20%", "failure:AT:2", "outage:AT:15m"; AT is a share of the
// play ("50%") or a time since its start ("6h", "90m", "3600s").
StatusOr<SceneEvent> ParseSceneEvent(std::string_view text, Micros play_length);

}  // namespace shadowd::sim
