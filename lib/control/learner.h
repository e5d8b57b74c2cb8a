// What is learnt of a service and kept as model versions: capacity points (the curve is fitted from them),
// start-up and trial times, past prediction errors and the tolerances made from them. Shadow data retrain it
// at once after a trial; production data join as they come. Owned by ServiceMachine; pure.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/time.h"
#include "capacity/curve.h"
#include "control/follow_up.h"
#include "model/learnt.h"
#include "model/service.h"
#include "model/trial.h"

namespace shadowd::control {

class Learner {
 public:
  explicit Learner(model::ServiceId service) : service_(std::move(service)) {}
  void Restore(const std::vector<model::ModelVersion>& versions);

  // The curve of a version, fitted when its data changed.
  const capacity::Curve& CurveOf(const std::string& version, WallTime now);

  // Of production. The curves are fitted anew when the point is news to them, else every few points.
  void AddPoint(model::CapacityPoint point);
  void RecordStart(double seconds);
  void RecordTrial(double seconds);
  // Of production after a decision was applied: the tolerances and the counts follow it.
  void RecordOutcome(const FollowUp::Finding& finding, const model::TrialSpec& spec);
  // Per KPI, for a trial under these circumstances.
  std::map<std::string, double> Tolerances(const analysis::Circumstances& circumstances,
                                           const model::TrialSpec& spec) const;
  void Spend(WallTime at, double amount);
  double SpentInADay(WallTime now) const;  // up to now

  // Takes the new points in, fits, and returns the new version with the error on those points before and
  // after.
  model::ModelVersion Retrain(model::RetrainCause cause, const model::TrialId& trial,
                              const std::string& version, std::span<const model::CapacityPoint> points,
                              const model::Slo& slo, WallTime now);

  const std::vector<model::CapacityPoint>& points() const { return learnt_.points; }
  Micros LeadTime(Micros prior) const;   // 90th percentile of measured start-ups
  Micros TrialTime(Micros prior) const;  // and of trials
  void SetMeasured(std::vector<model::MeasuredLevel> levels) { learnt_.measured = std::move(levels); }
  const std::vector<model::MeasuredLevel>& measured() const { return learnt_.measured; }
  // Back to what was known then; numbers go on.
  void Revert(const model::Learnt& learnt);
  // Share of past trials whose plan did not stand, smoothed (Laplace): how often the curve alone would have
  // been wrong.
  double PlanWrongProbability() const;
  void RecordPlan(bool stood);
  int version_number() const { return number_; }

 private:
  void Forget();  // the curves

  model::ServiceId service_;
  model::Learnt learnt_;
  int number_ = 0;
  int unfitted_ = 0;                               // points that the curves have not seen
  std::map<std::string, capacity::Curve> curves_;  // by version; cleared when points change them
};

}  // namespace shadowd::control
