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
  // Keeps |measured - predicted| / predicted of each settled KPI and renews the tolerances.
  void RecordErrors(const std::vector<model::Arm>& arms, double initial_tolerance);

  // Takes the new points in, fits, and returns the new version with the error on those points before and
  // after.
  model::ModelVersion Retrain(model::RetrainCause cause, const model::TrialId& trial,
                              const std::string& version, std::span<const model::CapacityPoint> points,
                              const model::Slo& slo, WallTime now);

  const std::vector<model::CapacityPoint>& points() const { return learnt_.points; }
  Micros LeadTime(Micros prior) const;   // 90th percentile of measured start-ups
  Micros TrialTime(Micros prior) const;  // and of trials
  const std::map<std::string, double>& tolerances() const { return learnt_.tolerances; }
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
  int plans_ = 0;
  int plans_wrong_ = 0;
  int unfitted_ = 0;                               // points that the curves have not seen
  std::map<std::string, capacity::Curve> curves_;  // by version; cleared when points change them
};

}  // namespace shadowd::control
