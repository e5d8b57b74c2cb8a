// From forecast and curve to a trigger, and from a trigger to the arms of a trial. Pure functions; the limits
// of the forecast are the demand that is planned for, the curve says how many replicas hold it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "capacity/curve.h"
#include "control/demand.h"
#include "model/service.h"
#include "model/trial.h"
#include "model/trigger.h"

namespace shadowd::control {

// How sure the curve must be that a level holds before it is planned (one-sided).
inline constexpr double kPlanConfidence = 0.8;

struct PlanView {
  const model::ServiceSpec& spec;
  const DemandTracker& demand;
  const capacity::Curve& curve;
  std::string version;   // identity under consideration
  int current = 0;       // replicas serving
  Micros lead_time{0};   // of an instance
  Micros trial_time{0};  // 0 where no trial will be run
  WallTime now;
};

// Demand to plan for: the largest upper limit from now until the change has taken effect and was held.
double PlannedDemand(const PlanView& view, Micros hold);

// The smallest level within the bounds that the curve trusts at this demand; `current` while the curve knows
// nothing.
int PlannedLevel(const PlanView& view, double demand_rps);

// How likely a trial is to change the decision, 0..1.
struct Doubts {
  double too_small = 0;  // the planned level does not hold
  double too_large = 0;  // a smaller one does
};
// The curve says so by its own uncertainty, but it does not know what it does not know: never less than
// `taught`, the share of past plans that were wrong. A version that was never measured is anybody's guess.
// Demand at its upper limit that changes no plan asks only whether today's level holds, which production
// shows: there the curve is believed.
Doubts DoubtsOf(const model::Trigger& trigger, const PlanView& view, double taught);

// Capacity crossed within the lead time, else surplus, else what demand signals by itself (breach of or
// proximity to its upper limit, drift), which asks for a trial even of today's level.
std::optional<model::Trigger> FindTrigger(const PlanView& view,
                                          const std::optional<forecast::LimitSignal>& signal);

// While a trial runs: what is expected, or demand as it grows beyond its limit, crosses what is served before
// a remedy that is ordered now would be there.
std::optional<model::Trigger> FindPressing(const PlanView& view);

// Planned by the curve of the version in production for the largest limit of the whole horizon: what a plan
// by load alone says.
model::Trigger VersionTrigger(const PlanView& view, const std::string& new_version);
model::Trigger ProposalTrigger(const PlanView& view, int planned, const std::string& request_id);
// Of an A/A test: today's level at today's load.
model::Trigger CalibrationTrigger(const PlanView& view, const std::string& request_id);
model::Trigger EmergencyTrigger(const PlanView& view, const std::string& evidence);
// A trial of what was done untested: the same level, afterwards.
model::Trigger AfterwardsTrigger(const PlanView& view, model::TriggerKind kind);

// Candidate levels around the plan (or as listed in the spec), then the null arm; bounded by
// shadows.max_shadows.
std::vector<model::Arm> PlanArms(const model::Trigger& trigger, const PlanView& view);
size_t CountArms(const model::Trigger& trigger, const model::ServiceSpec& spec);  // how many those would be
// The same arms moved so that `level` is the plan, for another round.
std::vector<model::Arm> ShiftArms(const std::vector<model::Arm>& arms, int level,
                                  const model::Trigger& trigger, const PlanView& view);

}  // namespace shadowd::control
