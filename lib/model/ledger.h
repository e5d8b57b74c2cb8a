// Money: what a trial cost and what it was worth, one entry a decision.
#pragma once

#include <string>

#include "base/time.h"
#include "model/ids.h"

namespace shadowd::model {

struct LedgerEntry {
  ServiceId service;
  DecisionId decision;
  TrialId trial;  // empty when skipped
  WallTime at;
  std::string currency;
  double shadow_seconds = 0;
  double shadow_cost = 0;
  double instance_seconds_changed = 0;  // of production over the hold, against the plan; negative = saved
  double instance_cost_changed = 0;
  double violation_cost_avoided = 0;  // expected, see worth
  double worth = 0;
  std::string note;
  double violation_minutes_avoided = 0;  // expected
  std::string counterfactual;            // what avoided and changed are measured against
  bool operator==(const LedgerEntry&) const = default;
};

}  // namespace shadowd::model
