// The model of a service: one versioned resource. Production data retrain all of it; shadow data the curve,
// the lead time and the tolerances.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/time.h"
#include "model/ids.h"
#include "model/kpi.h"

namespace shadowd::model {

// What is learnt and kept; the fitted objects are rebuilt from it.
struct Learnt {
  std::vector<CapacityPoint> points;  // bounded, newest last
  std::vector<double> start_seconds;  // measured start-up times, bounded
  std::vector<double> trial_seconds;  // measured trial lengths, bounded
  std::map<std::string, std::vector<double>>
      errors;  // per KPI: |measured - predicted| / predicted of past trials, bounded
  std::map<std::string, double> tolerances;  // per KPI
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
