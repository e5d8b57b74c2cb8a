// How the forecast is measured on the public data: which steps are held out, on the split that is reported
// and on the one that models are tuned on, which lies wholly before it. Pure but for the CPU clock.
#pragma once

#include <span>
#include <vector>

#include "lab/evaluate.h"

namespace shadowd::bench {

enum class Split { kFinal, kValidation };

// The last 48 steps of every series are the test; for validation the 48 before them, and the last are gone.
StatusOr<lab::HeldOut> SplitSeries(std::span<const lab::NamedSeries> series, Split split);

// Without seasons they are found by the forecast itself.
StatusOr<lab::Evaluation> RunSeries(const lab::HeldOut& data, const std::vector<int>& seasons,
                                    const lab::CpuSeconds& cpu);

// What a run over the trace may see: for validation only the training part of the last 20 000 points, which
// is then split as if it were the whole trace.
sim::Trace PartOf(sim::Trace trace, Split split);

// CPU of one observation of five-minute demand with a day and a week.
double UpdateSeconds(const lab::CpuSeconds& cpu);
// Heap and object of a forecaster of the same demand.
double MemoryBytes();

}  // namespace shadowd::bench
