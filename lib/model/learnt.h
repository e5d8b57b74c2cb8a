// The model of a service: one versioned resource. Production data retrain all of it; shadow data the curve,
// the lead time and the tolerances.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/time.h"
#include "model/ids.h"
#include "model/kpi.h"
#include "model/trial.h"

namespace shadowd::model {

// The forecast models of one resolution, as values: what a revert takes up. Meaning of the parts:
// lib/forecast.
struct FittedForecast {
  struct Linear {
    struct Mean {
      int lag = 1, width = 1, stride = 0, count = 1;
      bool operator==(const Mean&) const = default;
    };
    struct Harmonics {
      int season = 0, count = 0;
      bool operator==(const Harmonics&) const = default;
    };
    std::vector<int> lags;
    std::vector<Mean> means;
    std::vector<Harmonics> harmonics;
    double centre = 0;
    std::vector<double> weights;
    bool operator==(const Linear&) const = default;
  };
  struct Smoothing {
    double level_gain = 0, season_gain = 0, fade = 0;
    double level = 0, left = 0;
    std::vector<std::vector<float>> seasons;
    bool operator==(const Smoothing&) const = default;
  };
  Micros step{0};
  int fit = 0;
  bool logarithm = false;
  double floor = 0;
  std::vector<int> seasons;
  std::vector<Linear> linear;
  std::vector<Smoothing> smoothing;
  std::vector<std::vector<double>> errors;  // [horizon block][member]: they are weighed by it
  double sigma = 0;
  double mase = 0;
  int64_t last_step = 0;
  bool operator==(const FittedForecast&) const = default;
};

// A level that a trial has settled.
struct MeasuredLevel {
  std::string version;
  double load_rps = 0;
  WallTime at;
  ArmVerdict verdict;
  bool operator==(const MeasuredLevel&) const = default;
};

// How one KPI's tolerance follows production; see analysis/tolerance.h.
struct ToleranceTracker {
  std::vector<double> errors;  // bounded, newest last
  std::vector<double> weights;
  double offset = 0;
  int outcomes = 0;
  int misses = 0;
  bool operator==(const ToleranceTracker&) const = default;
};

// Decisions by what production showed afterwards.
struct DecisionCounts {
  int right = 0;
  int false_confirm = 0;
  int false_reject = 0;
  bool operator==(const DecisionCounts&) const = default;
};

// What the shadows of a trial cost.
struct Spending {
  WallTime at;
  double amount = 0;
  bool operator==(const Spending&) const = default;
};

// What is learnt and kept; the fitted objects are rebuilt from it.
struct Learnt {
  std::vector<CapacityPoint> points;                 // bounded, newest last
  std::vector<double> start_seconds;                 // measured start-up times, bounded
  std::vector<double> trial_seconds;                 // measured trial lengths, bounded
  std::map<std::string, double> tolerances;          // per KPI
  std::map<std::string, ToleranceTracker> trackers;  // per KPI, what the tolerances come from
  std::vector<FittedForecast> forecasts;             // filled where a version is made, finest first
  std::vector<MeasuredLevel> measured;               // bounded, newest last
  DecisionCounts outcomes;
  int plans = 0;
  int plans_wrong = 0;
  std::vector<Spending> spendings;  // of the last 24 hours, oldest first
  bool operator==(const Learnt&) const = default;
};

enum class RetrainCause { kInitial, kTrial, kRequested, kDrift, kProduction, kReverted };
const char* RetrainCauseName(RetrainCause cause);  // "INITIAL" ...

struct ModelVersion {
  ServiceId service;
  int number = 0;
  WallTime create_time;
  RetrainCause cause = RetrainCause::kInitial;
  TrialId trial;
  Learnt learnt;
  double error_before =
      0;  // mean absolute relative error on the data that caused it, with the previous version
  double error_after = 0;  // and with this one
  std::string summary;     // "max load 142 req/s at p95 <= 100 ms from 37 points"
  bool operator==(const ModelVersion&) const = default;
};

}  // namespace shadowd::model
