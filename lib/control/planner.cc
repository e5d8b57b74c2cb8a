#include "control/planner.h"

#include <fmt/format.h>

#include <algorithm>

namespace shadowd::control {

using model::Trigger;
using model::TriggerKind;

namespace {

// Until the forecast can be trusted, demand is planned with this much head-room over what is seen.
constexpr double kBlindHeadRoom = 1.25;
// A rise on past days counts where it goes beyond the limit by more than noise would.
constexpr double kJump = 1.05;
// What is taken away must be missed by this much: limits move a little with each step, and replicas that go
// and come back are tested, started and paid for twice.
constexpr double kSurplusRoom = 1.05;
constexpr Micros kDrainWithin = std::chrono::minutes(1);  // what waits in an emergency

Trigger Base(TriggerKind kind, const PlanView& view) {
  Trigger trigger;
  trigger.kind = kind;
  trigger.at = view.now;
  trigger.current = view.current;
  trigger.planned = view.current;
  trigger.present_rps = view.demand.present_rps();
  trigger.version = view.version;
  return trigger;
}

bool Trusted(const PlanView& view) {
  return view.demand.forecast().state == model::ForecastState::kReady;
}

// The largest upper limit of the steps from now until `within` has passed, with what their means hide. The
// highest step of a horizon is limited as the peak of it all.
double UpperWithin(const PlanView& view, Micros within) {
  if (!Trusted(view)) {
    return view.demand.present_rps() * kBlindHeadRoom;
  }
  double upper = 0;
  for (const model::ForecastStep& step : view.demand.forecast().steps) {
    if (step.at > view.now + within) {
      break;
    }
    upper = std::max(upper, step.upper_rps);
  }
  const double risen = view.demand.forecaster().RiseWithin(within);
  return (risen > kJump * upper ? risen : upper) * view.demand.PeakOverMean();
}

// Demand within this time as it looks now. Over its limit the forecast has nothing to say: demand that grows
// grows on. Without a forecast nobody knows whether it grows or has just begun: the head-room has to do.
double TrendWithin(const PlanView& view, Micros within) {
  const double present = view.demand.present_rps();
  const bool beyond = Trusted(view) && !view.demand.forecast().steps.empty() &&
                      present > view.demand.forecast().steps.front().upper_rps;
  return present + (beyond ? view.demand.GrowthOver(within) : 0);
}

// A limit that crosses what is served within the time that a remedy takes is planned for with its hold, in
// one jump.
std::optional<Trigger> CapacityTrigger(const PlanView& view,
                                       const std::optional<forecast::LimitSignal>& signal) {
  const model::ServiceSpec& spec = view.spec;
  const Micros reach = view.lead_time + view.trial_time + spec.forecast.resolution;
  const double held = view.curve.MaxLoad(spec.slo, kPlanConfidence) * view.current;
  const double soon = std::max(UpperWithin(view, reach), TrendWithin(view, reach));
  if (held <= 0 || view.current >= spec.bounds.max || soon <= held) {
    return std::nullopt;
  }
  Trigger trigger = Base(TriggerKind::kCapacity, view);
  trigger.planned_rps = PlannedDemand(view, spec.forecast.hold);
  trigger.planned = std::max(PlannedLevel(view, trigger.planned_rps), view.current + 1);
  trigger.evidence = fmt::format(
      "the upper limit reaches {:.0f} req/s within {:.0f} s, {} replicas hold {:.0f} req/s; planned for "
      "{:.0f} req/s",
      soon, ToSeconds(reach), view.current, held, trigger.planned_rps);
  if (signal && signal->upper) {
    trigger.evidence = fmt::format("{}; {}", signal->evidence, trigger.evidence);
  }
  return trigger;
}

// Demand that left its lower limit, or came close, says so beside the surplus that it leads to.
std::optional<Trigger> SurplusTrigger(const PlanView& view,
                                      const std::optional<forecast::LimitSignal>& signal) {
  const model::ServiceSpec& spec = view.spec;
  if (!Trusted(view) || view.current <= spec.bounds.min) {
    return std::nullopt;
  }
  Trigger trigger = Base(TriggerKind::kSurplus, view);
  trigger.planned_rps = kSurplusRoom * PlannedDemand(view, spec.forecast.hold);
  trigger.planned = std::max(PlannedLevel(view, trigger.planned_rps), view.current - spec.bounds.step_in_max);
  if (trigger.planned >= view.current) {
    return std::nullopt;
  }
  trigger.evidence =
      fmt::format("{} replicas serve; the upper limit stays below {:.0f} req/s for {:.0f} s, which {} hold",
                  view.current, trigger.planned_rps, ToSeconds(spec.forecast.hold), trigger.planned);
  if (signal && !signal->upper) {
    trigger.evidence = fmt::format("{}; {}", signal->evidence, trigger.evidence);
  }
  return trigger;
}

// Demand left its upper limit, came close to it, or no longer behaves as the models say: whether the level
// that is planned for it holds is asked of a trial, also where that level is today's. Drift asks it of the
// whole hold, the others of what is near.
std::optional<Trigger> SignalTrigger(const PlanView& view,
                                     const std::optional<forecast::LimitSignal>& signal) {
  if (!signal || (!signal->upper && signal->kind != TriggerKind::kDrift) || view.trial_time == Micros(0)) {
    return std::nullopt;
  }
  Trigger trigger = Base(signal->kind, view);
  trigger.planned_rps =
      PlannedDemand(view, signal->kind == TriggerKind::kDrift ? view.spec.forecast.hold : Micros(0));
  trigger.planned = std::max(PlannedLevel(view, trigger.planned_rps), view.current);
  trigger.evidence =
      fmt::format("{}; up to {:.0f} req/s are planned for", signal->evidence, trigger.planned_rps);
  return trigger;
}

std::vector<int> CandidateLevels(const Trigger& trigger, const model::ServiceSpec& spec) {
  std::vector<int> levels = spec.shadows.levels;
  if (levels.empty()) {
    const int count = spec.shadows.levels_auto_max;
    // Out: the plan and what lies above it, since more is the remedy. In: the plan and its neighbours below
    // today's level.
    const bool in = trigger.planned < trigger.current;
    const int first = in ? trigger.planned - count / 2 : trigger.planned - std::max(0, (count - 3) / 2);
    for (int i = 0; i < count; ++i) {
      levels.push_back(first + i);
    }
    if (in) {
      std::erase_if(levels, [&](int level) { return level >= trigger.current; });
    }
  }
  std::erase_if(levels,
                [&](int level) { return level < std::max(1, spec.bounds.min) || level > spec.bounds.max; });
  if (std::find(levels.begin(), levels.end(), trigger.planned) == levels.end()) {
    levels.push_back(trigger.planned);
  }
  std::sort(levels.begin(), levels.end());
  levels.erase(std::unique(levels.begin(), levels.end()), levels.end());
  return levels;
}

int NullArms(const Trigger& trigger, const model::ShadowSpec& shadows) {
  return (shadows.null_arm || trigger.kind == TriggerKind::kCalibration) && trigger.current > 0 ? 1 : 0;
}

std::vector<int> TestedLevels(const Trigger& trigger, const model::ServiceSpec& spec) {
  std::vector<int> levels = trigger.kind == TriggerKind::kCalibration ? std::vector{trigger.current}
                                                                      : CandidateLevels(trigger, spec);
  const int fit = spec.shadows.max_shadows / spec.shadows.shadows_per_level;
  const int room = std::max(1, fit - NullArms(trigger, spec.shadows));
  while (static_cast<int>(levels.size()) > room) {  // the furthest from the plan goes first
    const bool front = trigger.planned - levels.front() > levels.back() - trigger.planned;
    levels.erase(front ? levels.begin() : levels.end() - 1);
  }
  return levels;
}

model::Arm MakeArm(int level, model::ArmRole role, double load_rps, const PlanView& view) {
  model::Arm arm;
  arm.level = level;
  arm.role = role;
  arm.load_rps = load_rps;
  arm.predicted = view.curve.Predict(load_rps);
  return arm;
}

}  // namespace

double PlannedDemand(const PlanView& view, Micros hold) {
  const Micros remedy = view.lead_time + view.trial_time;
  return std::max(UpperWithin(view, remedy + hold),
                  TrendWithin(view, remedy + view.spec.forecast.resolution));
}

int PlannedLevel(const PlanView& view, double demand_rps) {
  if (!view.curve.known()) {
    return std::clamp(view.current, view.spec.bounds.min, view.spec.bounds.max);
  }
  return view.curve
      .SmallestLevel(demand_rps, view.spec.slo, view.spec.bounds.min, view.spec.bounds.max, kPlanConfidence)
      .level;
}

Doubts DoubtsOf(const Trigger& trigger, const PlanView& view, double taught) {
  if (trigger.kind == TriggerKind::kNewVersion || !view.curve.version_known() || trigger.planned <= 0) {
    return {0.5, 0.5};
  }
  const auto holds = [&](int level) {
    return view.curve.ProbabilityHolds(trigger.planned_rps / level, view.spec.slo);
  };
  const bool signal = trigger.kind == TriggerKind::kBreach || trigger.kind == TriggerKind::kProximity;
  if (signal && trigger.planned == trigger.current) {
    return {.too_small = 1 - holds(trigger.planned), .too_large = 0};
  }
  const bool smaller = trigger.planned > std::max(1, view.spec.bounds.min);
  return {.too_small = std::max(taught, 1 - holds(trigger.planned)),
          .too_large = smaller ? std::max(taught, holds(trigger.planned - 1)) : 0};
}

std::optional<Trigger> FindTrigger(const PlanView& view, const std::optional<forecast::LimitSignal>& signal) {
  if (!view.curve.known() || view.current <= 0) {
    return std::nullopt;
  }
  if (std::optional<Trigger> out = CapacityTrigger(view, signal)) {
    return out;
  }
  if (std::optional<Trigger> in = SurplusTrigger(view, signal)) {
    return in;
  }
  return SignalTrigger(view, signal);
}

std::optional<Trigger> FindPressing(const PlanView& view) {
  const double held = view.curve.MaxLoad(view.spec.slo, kPlanConfidence) * view.current;
  double soon = TrendWithin(view, view.lead_time);
  for (const model::ForecastStep& step : view.demand.forecast().steps) {
    if (Trusted(view) && step.at <= view.now + view.lead_time) {
      soon = std::max(soon, step.expected_rps);
    }
  }
  if (held <= 0 || view.current >= view.spec.bounds.max || soon <= held) {
    return std::nullopt;
  }
  Trigger trigger = Base(TriggerKind::kCapacity, view);
  trigger.planned_rps = PlannedDemand(view, view.spec.forecast.hold);
  trigger.planned = std::max(PlannedLevel(view, trigger.planned_rps), view.current + 1);
  trigger.evidence = fmt::format(
      "{:.0f} req/s are expected within {:.0f} s, {} replicas hold {:.0f} req/s; planned for {:.0f} req/s",
      soon, ToSeconds(view.lead_time), view.current, held, trigger.planned_rps);
  return trigger;
}

Trigger VersionTrigger(const PlanView& view, const std::string& new_version) {
  Trigger trigger = Base(TriggerKind::kNewVersion, view);
  const Micros horizon = view.spec.forecast.resolution * view.spec.forecast.horizon_steps;
  trigger.planned_rps = std::max(UpperWithin(view, horizon), view.demand.present_rps());
  trigger.planned = std::max(view.current, PlannedLevel(view, trigger.planned_rps));
  trigger.version = new_version;
  trigger.evidence =
      new_version == view.version
          ? fmt::format("version {} was never measured", new_version)
          : fmt::format(
                "version {} is to replace {}; up to {:.0f} req/s are expected within {:.0f} s, which {} "
                "replicas hold if it costs the same",
                new_version, view.version, trigger.planned_rps, ToSeconds(horizon), trigger.planned);
  return trigger;
}

Trigger ProposalTrigger(const PlanView& view, int planned, const std::string& request_id) {
  Trigger trigger = Base(TriggerKind::kProposal, view);
  trigger.planned = planned;
  trigger.planned_rps = PlannedDemand(view, view.spec.forecast.hold);
  trigger.request_id = request_id;
  trigger.evidence = fmt::format("a caller proposes {} replicas instead of {}", planned, view.current);
  return trigger;
}

Trigger CalibrationTrigger(const PlanView& view, const std::string& request_id) {
  Trigger trigger = Base(TriggerKind::kCalibration, view);
  trigger.planned_rps = trigger.present_rps;
  trigger.request_id = request_id;
  trigger.evidence = fmt::format("a caller ordered a null trial of {} replicas at {:.0f} req/s", view.current,
                                 trigger.present_rps);
  return trigger;
}

Trigger EmergencyTrigger(const PlanView& view, const std::string& evidence) {
  Trigger trigger = Base(TriggerKind::kEmergency, view);
  // What is ordered now serves a lead time from now: demand that grows has grown on until then, and what
  // waits is to be served besides.
  trigger.planned_rps = view.demand.present_rps() + view.demand.GrowthOver(view.lead_time) +
                        view.demand.waiting() / ToSeconds(kDrainWithin);
  trigger.planned = std::clamp(std::max(view.current + 1, PlannedLevel(view, trigger.planned_rps)),
                               view.spec.bounds.min, view.spec.bounds.max);
  trigger.evidence = evidence;
  return trigger;
}

Trigger AfterwardsTrigger(const PlanView& view, TriggerKind kind) {
  Trigger trigger = Base(kind, view);
  trigger.planned_rps = PlannedDemand(view, view.spec.forecast.hold);
  trigger.planned = std::max(view.current, PlannedLevel(view, trigger.planned_rps));
  trigger.evidence = fmt::format("production went to {} replicas untested; tested afterwards", view.current);
  return trigger;
}

size_t CountArms(const Trigger& trigger, const model::ServiceSpec& spec) {
  return TestedLevels(trigger, spec).size() + static_cast<size_t>(NullArms(trigger, spec.shadows));
}

std::vector<model::Arm> PlanArms(const Trigger& trigger, const PlanView& view) {
  std::vector<model::Arm> arms;
  for (const int level : TestedLevels(trigger, view.spec)) {
    arms.push_back(MakeArm(level, model::ArmRole::kCandidate, trigger.planned_rps / level, view));
  }
  if (NullArms(trigger, view.spec.shadows) > 0) {
    arms.push_back(
        MakeArm(trigger.current, model::ArmRole::kNull, trigger.present_rps / trigger.current, view));
  }
  return arms;
}

std::vector<model::Arm> ShiftArms(const std::vector<model::Arm>& arms, int level, const Trigger& trigger,
                                  const PlanView& view) {
  std::vector<model::Arm> shifted;
  int next = level;
  for (const model::Arm& arm : arms) {
    if (arm.role == model::ArmRole::kCandidate && arm.cached) {  // it has no shadow to feed
      shifted.push_back(arm);
    } else if (arm.role == model::ArmRole::kCandidate) {
      const int at = std::clamp(next++, std::max(1, view.spec.bounds.min), std::max(1, view.spec.bounds.max));
      shifted.push_back(MakeArm(at, arm.role, trigger.planned_rps / at, view));
    } else {
      shifted.push_back(MakeArm(arm.level, arm.role, arm.load_rps, view));
    }
  }
  return shifted;
}

}  // namespace shadowd::control
