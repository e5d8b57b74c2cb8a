// What the back-test of one history and that of many series have in common. Private to the two. Pure.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "forecast/demand_forecaster.h"
#include "lab/evaluate.h"

namespace shadowd::lab {

inline constexpr size_t kTrainingMin = 24;  // steps; the forecast fits nothing on fewer

// A season is learnt from what comes again: it must have been there twice in the `known` of all `steps`.
Status CheckSeasons(const std::string& name, const std::vector<int>& seasons, size_t steps, size_t known);

forecast::Options ForecastOptions(const EvaluateOptions& options, Micros step, size_t horizon);

void RefitIfWanted(forecast::DemandForecaster& forecaster);

// The forecast of the horizon from `first` on. Where the newest steps before it are gaps, the forecast begins
// earlier, and its last step stands for what lies beyond its end.
std::vector<forecast::ScoredStep> Score(const model::Forecast& forecast, WallTime first, Micros step,
                                        std::span<const double> truth);

// How the limit of the peak that plans are made with fares.
class PlanPeaks {
 public:
  void Add(double limit, std::span<const double> truth);
  void Write(Evaluation& evaluation) const;

 private:
  double count_ = 0, below_ = 0, positive_ = 0, margin_ = 0;
};

// Of `most` forecasts so many are made.
void Tell(const Progress& progress, size_t done, size_t most);

}  // namespace shadowd::lab
