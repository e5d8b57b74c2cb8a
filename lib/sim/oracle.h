// What cannot be had: policies that know the demand to come and what n instances really hold. The oracle
// knows every step's demand and asks for the fewest instances that hold all of them from now until a start
// ordered now is ready. The other knows only how demand is distributed around each moment, not which step
// gets what: the fewest that hold the 99th percentile of the quarter hour before and after. Both know when
// versions change. They are handed the scene; no other policy is.
#pragma once

#include <string>
#include <vector>

#include "sim/capacity_table.h"
#include "sim/policy.h"
#include "sim/scene.h"

namespace shadowd::sim {

// The fewest instances within the bounds that hold each step's demand: what resources the play demands.
std::vector<int> LevelsNeeded(const Scene& scene, CapacityTable& capacity);

class Oracle : public Policy {
 public:
  Oracle(const Scene& scene, CapacityTable& capacity);

  std::string name() const override { return "oracle"; }
  Micros interval() const override { return step_; }
  int Decide(const PolicyView& view) override;

 protected:
  Oracle(const Scene& scene, const std::vector<int>& needed);

 private:
  Micros step_;
  std::vector<int> wanted_;  // by step
};

class DistributionOracle : public Oracle {
 public:
  DistributionOracle(const Scene& scene, CapacityTable& capacity);

  std::string name() const override { return "oracle-distribution"; }
};

}  // namespace shadowd::sim
