// The Shadow Analysis Engine of one trial: compares what the arms' shadows measure with what the capacity
// curve predicted for them, window by window, and says for each arm whether the prediction was accurate and
// whether the SLO holds, with an error bound that stays valid however often it is asked (confidence
// sequences). Owned by the service's machine; single-threaded; value type; pure. Memory is bounded whatever
// is fed.
//
// Decisions: a latency quantile HOLDS when its confidence sequence lies wholly under the limit and FAILS when
// wholly over it; a prediction is ACCURATE when the sequence lies inside the tolerated band and OFF when
// wholly outside. The error bound alpha is shared among the arms and their tests. Correlated samples count
// for less (design effect from batch means, a heuristic that the A/A tests check).
#pragma once

#include <map>
#include <string>
#include <vector>

#include "analysis/arm_record.h"
#include "base/time.h"
#include "model/kpi.h"
#include "model/service.h"
#include "model/trial.h"

namespace shadowd::analysis {

struct EngineOptions {
  model::Slo slo;
  double alpha = 0.05;                       // error bound of the whole trial
  double tolerance = 0.20;                   // of the delta, where no other is given
  std::map<std::string, double> tolerances;  // per KpiName
  double void_share_max = 0.30;
  Micros warm_up = std::chrono::seconds(2);
  Micros deadline = std::chrono::seconds(60);
  // False when the null arm runs another version than production (a NEW_VERSION trial): then the two differ
  // for a reason and must not normalise each other.
  bool null_normalises = true;
};

class Engine {
 public:
  Engine(EngineOptions options, const std::vector<model::Arm>& arms);  // roles, loads, frozen predictions

  void AddShadowWindow(size_t arm, const model::KpiWindow& window);
  // Production beside the null arm: latencies of all its instances, counts of their mean.
  void AddProductionWindow(const model::KpiWindow& per_instance_mean);

  // One per arm. An axis is UNKNOWN while the evidence is not enough, or for good where it cannot be.
  std::vector<model::ArmVerdict> Verdicts(bool at_deadline) const;

  // Nothing more to gain: the smallest level that holds is decided, and so is every smaller one.
  bool Settled() const;

  // What the arms showed, for retraining.
  std::vector<model::CapacityPoint> Points(const std::string& version, WallTime at,
                                           int production_instances) const;

 private:
  struct Normaliser {
    double ratio = 1;      // multiplies the shadows' latencies
    bool refused = false;  // production and null differ too much to conclude anything
    std::string note;
  };

  Normaliser Normalise() const;
  model::ArmVerdict VerdictOf(size_t arm, const Normaliser& normaliser, bool at_deadline) const;

  EngineOptions options_;
  std::vector<model::Arm> arms_;
  std::vector<ArmRecord> records_;
  ArmRecord production_;
};

}  // namespace shadowd::analysis
