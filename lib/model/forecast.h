// Expected demand per step of the horizon with prediction limits: limit = expected +- k * sigma, k learnt
// from misses.
#pragma once

#include <string>
#include <vector>

#include "base/time.h"
#include "model/ids.h"

namespace shadowd::model {

struct ForecastStep {
  WallTime at;  // start of the step
  double expected_rps = 0;
  double lower_rps = 0;
  double upper_rps = 0;
  bool operator==(const ForecastStep&) const = default;
};

enum class ForecastState { kReady, kDegraded };

// Of the largest demand within a time from when the forecast was made.
struct ForecastPeak {
  Micros within{0};
  double expected_rps = 0;
  double upper_rps = 0;
  double coverage_so_far = 0;  // share of past peaks below their limit; meaningful with coverage_samples
  int coverage_samples = 0;    // windows, one after another
  bool operator==(const ForecastPeak&) const = default;
};

// How the published limits of some neighbouring steps did. Old outcomes fade.
struct ForecastBlock {
  int first_step = 1;  // from 1
  int last_step = 1;
  int samples = 0;
  double coverage = 0;
  double above = 0;        // share above the upper limit
  double pinball_rps = 0;  // mean of both limits
  double mase = 0;         // 0 while the scale is unknown
  double msis = 0;
  bool operator==(const ForecastBlock&) const = default;
};

// The models of one resolution.
struct ForecastScale {
  struct Member {
    std::string name;
    double weight = 0;
    bool operator==(const Member&) const = default;
  };
  Micros step{0};
  int fit = 0;                  // number of the fit, from 1; 0 = none yet
  std::vector<Micros> seasons;  // ascending
  bool logarithm = false;
  std::vector<Member> members;
  double mase = 0;  // on the past that the fit was chosen on
  int observations = 0;
  bool operator==(const ForecastScale&) const = default;
};

struct Forecast {
  ServiceId service;
  WallTime made_at;
  Micros step{0};
  std::vector<ForecastStep> steps;
  ForecastState state = ForecastState::kDegraded;
  std::string degraded_reason;
  double coverage_target = 0.95;
  double coverage_so_far = 0;  // share of past one-step limits that held; meaningful with coverage_samples
  int coverage_samples = 0;
  double mase = 0;     // of past forecasts, against the seasonal naive one
  double k_upper = 0;  // confidence coefficients of the first step
  double k_lower = 0;
  double sigma_rps = 0;
  int model_version = 0;
  double last_observed_rps = 0;
  ForecastPeak peak;
  std::vector<ForecastBlock> blocks;  // nearest first
  std::vector<ForecastScale> scales;  // finest first
  double widening = 1;                // factor on the limits since demand changed
  bool operator==(const Forecast&) const = default;
};

}  // namespace shadowd::model
