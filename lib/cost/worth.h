// Whether a trial is worth its price: the loss it is expected to avoid against what its shadows cost, and
// what a shadow-second costs at all. Pure functions of prices and estimates; no state, any thread.
#pragma once

#include <string>

#include "model/service.h"

namespace shadowd::cost {

struct WorthInput {
  model::Prices prices;
  int current = 0;
  int planned = 0;
  double hold_seconds = 0;  // how long the new level is meant to last
  int shadows = 0;          // of the trial, all arms together
  double trial_seconds = 0;
  double probability_too_small = 0;       // that the planned level does not hold, 0..1
  double probability_too_large = 0;       // that a smaller one holds, 0..1
  double violation_minutes_if_wrong = 0;  // over the SLO, should a wrong plan be applied
  double excess_instances_if_wrong = 0;   // paid for over the hold in vain, should the plan be too large
};

struct Worth {
  bool worth = false;
  double loss_avoided = 0;
  double price = 0;
  std::string reason;
};

// A scale-in that waits for its trial pays for the replicas it would have freed; a scale-out does not.
Worth AssessTrial(const WorthInput& input);

double ShadowCost(const model::Prices& prices, double shadow_seconds);

}  // namespace shadowd::cost
