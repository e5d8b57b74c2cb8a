// From the verdicts of a trial's arms to a decision: the smallest level that was shown to hold, or the
// conservative one where nothing was shown. Pure; the rules are those of DESIGN sections 2 and 3.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "capacity/curve.h"
#include "model/decision.h"
#include "model/service.h"
#include "model/trial.h"
#include "model/trigger.h"

namespace shadowd::analysis {

struct Finding {
  model::DecisionKind kind = model::DecisionKind::kInconclusive;
  int to = 0;
  model::Cause cause = model::Cause::kNone;
  std::string reason;  // a sentence with the numbers
  // Set in round 1 where every tested level failed: the level to test next. `to` is what to do without it.
  std::optional<int> another_round_level;
};

struct DecideInput {
  model::Trigger trigger;
  std::vector<model::Arm> arms;               // with verdicts
  const capacity::Curve* refitted = nullptr;  // after the trial's points; may be null
  model::Bounds bounds;
  model::Slo slo;
  bool deadline_passed = false;
  int round = 1;
};

Finding Decide(const DecideInput& input);

}  // namespace shadowd::analysis
