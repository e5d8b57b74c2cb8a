#include "analysis/decide.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace shadowd::analysis {
namespace {

using model::Arm;
using model::ArmRole;
using model::Cause;
using model::DecisionKind;
using model::ModelAxis;
using model::SloAxis;

constexpr double kConfidence = 0.8;  // of levels that come from the curve alone

struct Evidence {
  std::map<int, const Arm*> arms;  // candidates by level
  std::optional<int> smallest_holding;
  std::optional<int> largest_failing;
  std::optional<int> refitted;  // the curve's level after the trial
  bool refitted_holds = false;  // false: not even the largest does
  double planned_holds = 0.5;   // probability by the refitted curve; 0.5 = it does not know
};

SloAxis AxisAt(const Evidence& evidence, int level) {
  // Monotone: more replicas hold what fewer hold.
  if (evidence.smallest_holding && level >= *evidence.smallest_holding) {
    return SloAxis::kHolds;
  }
  if (evidence.largest_failing && level <= *evidence.largest_failing) {
    return SloAxis::kFails;
  }
  return SloAxis::kUnknown;
}

Evidence Gather(const DecideInput& input) {
  Evidence evidence;
  for (const Arm& arm : input.arms) {
    if (arm.role != ArmRole::kCandidate) {
      continue;
    }
    evidence.arms[arm.level] = &arm;
    if (arm.verdict.slo == SloAxis::kHolds) {
      evidence.smallest_holding = std::min(evidence.smallest_holding.value_or(arm.level), arm.level);
    } else if (arm.verdict.slo == SloAxis::kFails) {
      evidence.largest_failing = std::max(evidence.largest_failing.value_or(arm.level), arm.level);
    }
  }
  if (input.refitted != nullptr && input.refitted->known()) {
    const capacity::Curve::Answer answer = input.refitted->SmallestLevel(
        input.trigger.planned_rps, input.slo, input.bounds.min, input.bounds.max, kConfidence);
    evidence.refitted = answer.level;
    evidence.refitted_holds = answer.holds;
    if (input.refitted->version_known() && input.trigger.planned > 0) {
      evidence.planned_holds =
          input.refitted->ProbabilityHolds(input.trigger.planned_rps / input.trigger.planned, input.slo);
    }
  }
  return evidence;
}

bool ModelOff(const Evidence& evidence, int level) {
  const auto it = evidence.arms.find(level);
  return it != evidence.arms.end() && it->second->verdict.model == ModelAxis::kOff;
}

std::string Because(const Evidence& evidence, int level) {
  const auto it = evidence.arms.find(level);
  if (it == evidence.arms.end()) {
    return fmt::format("{} replicas were not tested", level);
  }
  return fmt::format("{} replicas ({:.0f} req/s each): {}", level, it->second->load_rps,
                     it->second->verdict.reason);
}

std::string CurveSentence(const DecideInput& input, const Evidence& evidence) {
  if (!evidence.refitted) {
    return "the capacity curve knows too little";
  }
  return fmt::format("the refitted curve asks for {}{} replicas at {:.0f} req/s",
                     evidence.refitted_holds ? "" : "more than ", *evidence.refitted,
                     input.trigger.planned_rps);
}

// What to run when nothing was shown: the larger capacity among the candidates.
int Conservative(const DecideInput& input, const Evidence& evidence) {
  int level = std::max(input.trigger.current, input.trigger.planned);
  if (input.trigger.planned >= input.trigger.current) {
    level = std::max(level, evidence.refitted.value_or(level));
    if (evidence.smallest_holding) {
      level = std::max(*evidence.smallest_holding, input.trigger.current);
    }
    return std::clamp(level, input.bounds.min, std::max(input.bounds.max, input.trigger.current));
  }
  return input.trigger.current;
}

Finding Inconclusive(const DecideInput& input, const Evidence& evidence, const std::string& why) {
  Finding finding;
  finding.kind = DecisionKind::kInconclusive;
  finding.to = Conservative(input, evidence);
  finding.reason = fmt::format("{}; the conservative level is {}", why, finding.to);
  return finding;
}

// The planned level holds and no tested smaller one does.
Finding Confirm(const DecideInput& input, const Evidence& evidence) {
  const int planned = input.trigger.planned;
  Finding finding;
  finding.kind = DecisionKind::kConfirmed;
  finding.to = planned;
  finding.cause = ModelOff(evidence, planned) ? Cause::kModelInaccurate : Cause::kNone;
  finding.reason = Because(evidence, planned);
  const int below = planned - 1;
  if (below < input.bounds.min) {
    finding.reason += fmt::format("; {} is the smallest level allowed", planned);
  } else if (AxisAt(evidence, below) == SloAxis::kFails) {
    finding.reason += "; " + Because(evidence, below);
  } else if (evidence.refitted && *evidence.refitted >= planned) {
    finding.reason += fmt::format("; {} would not surely hold: {}", below, CurveSentence(input, evidence));
  } else {
    finding.reason +=
        fmt::format("; fewer may hold but were not shown to: {}", CurveSentence(input, evidence));
  }
  return finding;
}

Finding AdjustTo(const DecideInput& input, const Evidence& evidence, int level) {
  const int planned = input.trigger.planned;
  Finding finding;
  finding.kind = DecisionKind::kAdjusted;
  finding.to = level;
  if (level < planned) {
    finding.cause = Cause::kExcessive;
  } else {
    finding.cause = ModelOff(evidence, planned) ? Cause::kModelInaccurate : Cause::kInsufficient;
  }
  finding.reason =
      fmt::format("planned {}, but {} is the smallest level shown to hold {:.0f} req/s: {}; {}", planned,
                  level, input.trigger.planned_rps, Because(evidence, level), Because(evidence, planned));
  return finding;
}

// Every tested level fails: the curve, refitted with what they showed, says where to go on.
Finding NoneHolds(const DecideInput& input, const Evidence& evidence) {
  const int planned = input.trigger.planned;
  const int tested = *evidence.largest_failing;
  const int beyond = std::min(tested + 1, input.bounds.max);
  const int level = std::clamp(evidence.refitted.value_or(beyond), std::min(beyond, input.bounds.max),
                               std::max(input.bounds.max, input.trigger.current));
  Finding finding;
  finding.kind = DecisionKind::kAdjusted;
  finding.to = std::max(level, planned < input.trigger.current ? input.trigger.current : level);
  finding.cause = ModelOff(evidence, planned) ? Cause::kModelInaccurate : Cause::kInsufficient;
  finding.reason =
      fmt::format("no tested level up to {} holds {:.0f} req/s ({}); {}", tested, input.trigger.planned_rps,
                  Because(evidence, planned), CurveSentence(input, evidence));
  if (tested < input.bounds.max && input.round == 1 && !input.deadline_passed) {
    finding.another_round_level = finding.to;
  }
  return finding;
}

Finding ScaleIn(const DecideInput& input, const Evidence& evidence) {
  const int planned = input.trigger.planned, current = input.trigger.current;
  if (evidence.smallest_holding && *evidence.smallest_holding < current) {
    return AdjustTo(input, evidence, *evidence.smallest_holding);  // between planned and current
  }
  if (AxisAt(evidence, planned) != SloAxis::kFails) {
    return Inconclusive(input, evidence,
                        "scaling in was not shown to be safe: " + Because(evidence, planned));
  }
  if (AxisAt(evidence, current) == SloAxis::kFails) {
    return NoneHolds(input, evidence);  // not even today's level holds what is coming
  }
  Finding finding;
  finding.kind = DecisionKind::kRejected;
  finding.to = current;
  finding.cause = ModelOff(evidence, planned) ? Cause::kModelInaccurate : Cause::kInsufficient;
  finding.reason = fmt::format("scaling in from {} would not hold {:.0f} req/s: {}", current,
                               input.trigger.planned_rps, Because(evidence, planned));
  return finding;
}

Finding ScaleOut(const DecideInput& input, const Evidence& evidence) {
  const int planned = input.trigger.planned;
  const bool larger_holds = evidence.smallest_holding.has_value();
  if (AxisAt(evidence, planned) == SloAxis::kUnknown && !(larger_holds && evidence.planned_holds < 0.5)) {
    return Inconclusive(input, evidence, "the planned level is undecided: " + Because(evidence, planned));
  }
  if (evidence.smallest_holding) {
    return AdjustTo(input, evidence, *evidence.smallest_holding);
  }
  const Arm* largest = evidence.arms.rbegin()->second;
  if (largest->verdict.slo == SloAxis::kUnknown) {
    return Inconclusive(input, evidence, "no level was shown to hold: " + Because(evidence, largest->level));
  }
  return NoneHolds(input, evidence);
}

}  // namespace

Finding Decide(const DecideInput& input) {
  const Evidence evidence = Gather(input);
  if (evidence.arms.empty()) {
    return Inconclusive(input, evidence, "no level was tested");
  }
  if (evidence.smallest_holding && evidence.largest_failing &&
      *evidence.smallest_holding < *evidence.largest_failing) {
    return Inconclusive(input, evidence,
                        "the arms contradict each other: " + Because(evidence, *evidence.smallest_holding) +
                            ", yet " + Because(evidence, *evidence.largest_failing));
  }
  const int planned = input.trigger.planned;
  if (AxisAt(evidence, planned) == SloAxis::kHolds && *evidence.smallest_holding == planned) {
    return Confirm(input, evidence);
  }
  if (AxisAt(evidence, planned) == SloAxis::kHolds) {
    return AdjustTo(input, evidence, *evidence.smallest_holding);
  }
  return planned < input.trigger.current ? ScaleIn(input, evidence) : ScaleOut(input, evidence);
}

}  // namespace shadowd::analysis
