// One play of a scene: what happened at each step, under one policy. Written by the plays (policy_play.h,
// core_play.h), read by the scorecard and the report. A plain value.
#pragma once

#include <string>
#include <vector>

#include "base/time.h"

namespace shadowd::sim {

struct PlayStep {
  double demand_rps = 0;       // the true one, with noise
  int serving = 0;             // instances that took requests, mean over the step, rounded
  int paid = 0;                // and those that cost money: also starting and draining ones
  int wanted = 0;              // what the policy asked for
  double p_us = 0;             // the SLO's latency quantile over the step
  double over_share = 0;       // of the requests: slower than the limit, failed or refused
  double violation_share = 0;  // of the step's time that was over the SLO
  double expected_rps = -1, lower_rps = -1,
         upper_rps = -1;  // forecast for this step made a lead time ago; -1 = none
};

struct PlayDecision {  // of policies that decide by trial
  Micros at{0};        // since the start of the play
  std::string kind;    // "CONFIRMED" ...
  std::string trigger;
  int from = 0, planned = 0, to = 0;
  std::string reason;
};

struct Play {
  std::string policy;
  Micros step{0};
  std::vector<PlayStep> steps;
  std::vector<PlayDecision> decisions;
  double shadow_seconds = 0;
  int trials = 0;
  int shadows_left = 0;        // that run on after the end: none, ever
  double seconds_to_play = 0;  // not measured here: whoever has a clock fills it
};

}  // namespace shadowd::sim
