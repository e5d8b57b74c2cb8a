// What production shows after a tested decision was applied, for the length of the hold: whether the level
// did what was decided, and how far the curve was off at the load that came. The curve is the one that had
// just learnt from the trial, not one that learns from what it is compared with. Demand that differed from
// what was planned is no error of the curve, so only the load that came counts; levels that were not applied
// have no outcome. Owned by ServiceMachine; pure.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "analysis/tolerance.h"
#include "base/time.h"
#include "capacity/curve.h"
#include "model/decision.h"
#include "model/kpi.h"
#include "model/service.h"

namespace shadowd::control {

class FollowUp {
 public:
  // `mirrored` is the share of the trial's requests that were real ones.
  FollowUp(model::Decision decision, capacity::Curve curve, MonoTime until, double mirrored)
      : decision_(std::move(decision)), curve_(std::move(curve)), until_(until), mirrored_(mirrored) {}

  // Of production at the level and with the version that were decided.
  void Add(const model::CapacityPoint& point);
  bool Over(MonoTime now) const { return now >= until_; }
  const model::Decision& decision() const { return decision_; }
  model::Decision& decision() { return decision_; }

  struct Finding {
    model::DecisionOutcome outcome = model::DecisionOutcome::kOpen;
    std::string reason;
    // By KPI, signed: (production - curve) / curve, weighted by requests; empty where nothing was seen.
    std::map<std::string, double> errors;
    analysis::Circumstances circumstances;
  };
  // `dispersion` of demand meanwhile.
  Finding Conclude(const model::Slo& slo, double dispersion) const;

 private:
  // Points at this load of one instance or more: how many, and whether most of them held the SLO.
  struct Seen {
    int points = 0;
    int held = 0;
  };
  Seen AtLeast(double load_rps, const model::Slo& slo) const;
  void Judge(const model::Slo& slo, Finding& finding) const;
  void AddErrors(Finding& finding) const;

  model::Decision decision_;
  capacity::Curve curve_;
  MonoTime until_;
  double mirrored_;
  std::vector<model::CapacityPoint> points_;  // bounded
};

}  // namespace shadowd::control
