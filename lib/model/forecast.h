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
  bool operator==(const Forecast&) const = default;
};

}  // namespace shadowd::model
