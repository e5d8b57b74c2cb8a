// The Shadow Analysis Engine of one trial: compares what the arms' shadows measure with what the capacity
// curve predicted for them, window by window, and says for each arm whether the prediction was accurate and
// whether the SLO holds, with an error bound that stays valid however often it is asked (confidence
// sequences). Owned by the service's machine; single-threaded; value type; pure. Memory is bounded whatever
// is fed.
//
// Tails near saturation are so correlated that seconds of samples cannot settle them alone. There the arms
// help each other: a capacity curve through all of them (and history) settles the SLO axis where it is sure
// (probability beyond kCurveSure), with the arm's own estimate on the same side. That part is Bayesian and
// rests on the shape of the curve; simulations in the tests check its errors.
//
// Decisions: a latency quantile HOLDS when its confidence sequence lies wholly under the limit and FAILS when
// wholly over it; a prediction is ACCURATE when the sequence lies inside the tolerated band and OFF when
// wholly outside that and the prediction's own interval. The error bound alpha is shared among rounds, arms,
// both axes and the KPIs any of which can make a verdict wrong (verdict.cc). Correlated samples count for
// less (batch means, a heuristic that the A/A tests and tests/bench/bench_analysis check). Near saturation
// nothing settles the model axis in seconds; there the SLO axis and the work of a request decide.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "analysis/arm_record.h"
#include "analysis/normaliser.h"
#include "base/time.h"
#include "capacity/curve.h"
#include "model/kpi.h"
#include "model/service.h"
#include "model/trial.h"

namespace shadowd::analysis {

struct EngineOptions {
  model::Slo slo;
  double alpha = 0.05;                       // error bound of the whole trial
  int rounds = 1;                            // that may share alpha; an engine measures one of them
  double tolerance = 0.20;                   // of the delta, where no other is given
  std::map<std::string, double> tolerances;  // per KpiName
  double void_share_max = 0.30;
  Micros warm_up = std::chrono::seconds(2);
  Micros deadline = std::chrono::seconds(60);
  // False when the null arm runs another version than production (a NEW_VERSION trial): then the two differ
  // for a reason and must not normalise each other.
  bool null_normalises = true;
  // What is known of the service already, for the curve that joins the arms; may be empty.
  std::vector<model::CapacityPoint> history;
  std::string version;  // that the shadows run
};

class Engine {
 public:
  Engine(EngineOptions options, const std::vector<model::Arm>& arms);  // roles, loads, frozen predictions

  void AddShadowWindow(size_t arm, const model::KpiWindow& window);
  // Production beside the null arm: latencies of all its instances, counts of their mean.
  void AddProductionWindow(const model::KpiWindow& per_instance_mean);

  // The arm's shadow is no more. What it had shown may still fail the SLO, but neither holds it nor speaks
  // for the prediction, and teaches nothing: it is not known what the end has to do with the load.
  void Abandon(size_t arm, const std::string& why);

  // One per arm. An axis is UNKNOWN while the evidence is not enough, or for good where it cannot be.
  std::vector<model::ArmVerdict> Verdicts(bool at_deadline) const;

  // Nothing more to gain: the smallest level that holds is decided, and so is every smaller one.
  bool Settled() const;

  // What the arms showed, for retraining.
  std::vector<model::CapacityPoint> Points(const std::string& version, WallTime at,
                                           int production_instances) const;

 private:
  // What all arms together say, computed once per question.
  struct Joint {
    Normaliser normaliser;
    capacity::Curve curve;  // through all arms and the history
    bool enough = false;    // arms and samples for the curve to speak
  };

  Normaliser Normalise() const;
  Joint JoinArms() const;
  model::ArmVerdict VerdictOf(size_t arm, const Joint& joint, bool at_deadline) const;
  model::ArmVerdict Measured(size_t arm, const Joint& joint, bool at_deadline) const;
  double AlphaOfArm() const;
  std::string JudgeSlo(size_t arm, const Joint& joint, model::ArmVerdict& verdict) const;
  bool SmallerDecided(size_t arm, const Joint& joint, const model::ArmVerdict& verdict) const;
  std::vector<model::CapacityPoint> PointsOf(const Normaliser& normaliser, const std::string& version,
                                             WallTime at, int production_instances) const;

  EngineOptions options_;
  std::vector<model::Arm> arms_;
  std::vector<ArmRecord> records_;
  std::vector<std::string> abandoned_;  // why, per arm; empty: it is measured
  ArmRecord production_;
};

}  // namespace shadowd::analysis
