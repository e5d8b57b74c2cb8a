// What an instance holds, from measured points: the capacity curve of lib/capacity asked about an SLO, a
// demand and single loads. Pure functions.
#pragma once

#include <string_view>
#include <vector>

#include "base/status.h"
#include "model/kpi.h"
#include "model/service.h"

namespace shadowd::lab {

// Columns: load_rps and any of cpu_cores, p50_us, p95_us, p99_us, error_rate, requests (how many the row
// rests on; a minute's worth where it is not given). Empty cells are unknown; rows at no load are left out.
StatusOr<std::vector<model::CapacityPoint>> ParsePoints(std::string_view text, std::string_view file);

struct CapacityQuestion {
  model::Slo slo = {};
  double demand_rps = 0;
  std::vector<double> loads = {};  // to predict at
  double confidence = 0.8;         // that the SLO holds at max_load, one-sided; as shadowd plans
};

struct CapacityAnswer {
  double max_load_rps = 0;           // with the confidence asked for; 0: the SLO holds at no load
  double max_load_expected_rps = 0;  // as likely as not
  int level = 0;                     // replicas for the demand; 0: no number of them holds it
  std::vector<model::KpiPrediction> predictions = {};
  std::string summary = {};
};

// INVALID_ARGUMENT when the points are too few to tell anything.
StatusOr<CapacityAnswer> FitCapacity(const std::vector<model::CapacityPoint>& points,
                                     const CapacityQuestion& question);

}  // namespace shadowd::lab
