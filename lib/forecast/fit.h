// Fitting, as a pure function on copied values, so that it can run off the loop. FitInput is what a
// Forecaster hands out; Fit is immutable and comes back to it through an event. A fit chooses the transform,
// the seasons, the ridge penalty and the weights of the combination on rolling origins that lie after the
// data the candidates were trained on, and starts the prediction limits by split-conformal on the same
// origins (research: Angelopoulos, Candes, Tibshirani 2023 for what the limits do afterwards).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "forecast/limits.h"
#include "forecast/linear_model.h"
#include "forecast/member_weights.h"
#include "forecast/options.h"
#include "forecast/smoothing.h"
#include "forecast/transform.h"
#include "model/ids.h"
#include "model/learnt.h"

namespace shadowd::forecast {

struct FitInput {
  model::ServiceId service;
  Options options;
  std::vector<float> demand_rps;              // one a step, oldest first; NaN = gap
  int64_t first_step = 0;                     // label of demand_rps[0], in steps
  int version = 0;                            // of the fit that comes out of it
  std::optional<int64_t> changed_step;        // label of the first step of what demand is like now
  std::optional<model::FittedForecast> kept;  // models to take up instead of choosing
};

// One forecast of the past, made without knowing what followed; the realised values are in the series.
struct Origin {
  int64_t at_step = 0;  // the last step it knew
  double sigma = 0;
  std::vector<float> path;  // expected, transformed scale; path[0] is at_step + 1
};

struct Fit {
  model::ServiceId service;
  int version = 0;
  Micros step{0};  // of the data
  bool usable = false;
  std::string reason;  // why not, when !usable
  Transform transform;
  std::vector<int> seasons;         // ascending, steps
  std::vector<LinearModel> linear;  // members; the smoothing ones follow, then one seasonal naive a season
  std::vector<Smoothing> smoothing;
  MemberWeights weights;  // in their order
  double sigma = 0;       // one-step, transformed scale
  LimitsStart limits;
  std::vector<Origin> origins;  // newest last
  double mase = 0;              // on the origins
  int64_t last_step = 0;        // newest step the fit has seen
};

Fit FitModels(const FitInput& input);

}  // namespace shadowd::forecast
