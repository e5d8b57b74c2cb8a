// What a play comes to. Under- and over-provisioning, their time shares and instability are the elasticity
// metrics of the SPEC Research Group ("Ready for Rain?", SPEC-RG-2016-01) against the fewest instances that
// hold the SLO at each step. Pure functions of a scene and a play.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "sim/play.h"
#include "sim/scene.h"

namespace shadowd::sim {

struct Scorecard {
  std::string policy;
  double hours = 0;                  // played
  double slo_violation_minutes = 0;  // of windows over the SLO
  double over_share = 0;             // of all requests: slower than the limit, failed or refused
  double instance_hours = 0;         // paid: serving, starting and draining
  double shadow_instance_hours = 0;
  double scale_actions = 0;  // changes of what was wanted
  double scale_outs = 0;
  // Scale-outs after which what was wanted before would have done: through the hold of the spec no step
  // needed more instances than that.
  double false_scale_outs = 0;
  double theta_under = 0, theta_over = 0;  // mean shortfall and excess, in per cent of what was needed
  double tau_under = 0, tau_over = 0;      // per cent of the time with too few and too many
  // Per cent of the time in which what serves moved against what is needed, each compared with five minutes
  // before.
  double instability = 0;
  double trials = 0;
  double cost = 0;  // instances, shadows and violations at the spec's prices
};

// `needed` from LevelsNeeded of the same scene, one a step.
Scorecard Score(const Scene& scene, const Play& play, std::span<const int> needed);

// Over seeds: the mean and the interval that holds it with 90 % confidence (Student's t); low = high = mean
// for one.
struct Spread {
  double mean = 0, low = 0, high = 0;
};
Spread SpreadOf(std::span<const double> values);

struct Summary {
  std::string policy;
  int seeds = 0;
  Spread slo_violation_minutes, over_share, instance_hours, shadow_instance_hours, scale_actions, scale_outs,
      false_scale_outs, theta_under, theta_over, tau_under, tau_over, instability, trials, cost;
};
// Of one policy's scorecards, at least one.
Summary Summarise(std::span<const Scorecard> scorecards);

}  // namespace shadowd::sim
