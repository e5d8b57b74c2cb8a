// What follows from a trigger: a level for production, and the record of why.
#pragma once

#include <string>
#include <vector>

#include "base/time.h"
#include "model/ids.h"
#include "model/trial.h"
#include "model/trigger.h"

namespace shadowd::model {

enum class DecisionKind { kProvisional, kConfirmed, kAdjusted, kRejected, kInconclusive };
// kAdvised: published in ADVISE and waiting for ApproveDecision, which makes it kApproved: the caller's
// autoscaler acts, shadowd touches nothing; kBlocked: the gate refused (see gate_reason).
enum class DecisionState {
  kTesting,
  kAdvised,
  kApproved,
  kApplying,
  kApplied,
  kDeclined,
  kBlocked,
  kFailed,
  kSuperseded
};
// What production showed after the action: kOpen until that is known.
enum class DecisionOutcome { kOpen, kRight, kFalseConfirm, kFalseReject };
const char* DecisionKindName(DecisionKind kind);           // "CONFIRMED" ...
const char* DecisionOutcomeName(DecisionOutcome outcome);  // "OPEN" ...
const char* DecisionStateName(DecisionState state);        // "TESTING" ...

struct Decision {
  DecisionId id;
  ServiceId service;
  TrialId trial;  // empty: decided from the curve (see skip_reason)
  Trigger trigger;
  DecisionKind kind = DecisionKind::kProvisional;
  DecisionState state = DecisionState::kTesting;
  int from = 0;
  int planned = 0;
  int to = 0;
  std::string version;
  Cause cause = Cause::kNone;
  std::string reason;       // in words, for people
  std::string skip_reason;  // why no trial was run
  std::string gate_reason;
  std::vector<Arm> arms;  // as they stood at the verdict
  WallTime create_time;
  WallTime decide_time;
  WallTime applied_time;
  double lead_seconds = 0;  // trigger to effect
  double trial_cost = 0;
  double worth = 0;  // expected loss avoided by the trial, minus its price
  DecisionOutcome outcome = DecisionOutcome::kOpen;
  std::string outcome_reason;
  bool operator==(const Decision&) const = default;
};

}  // namespace shadowd::model
