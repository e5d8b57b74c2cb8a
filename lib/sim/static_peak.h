// No scaling at all: as many instances as the peak of the history needs at the CPU target, plus head-room.
// What is there stays where there is no history.
#pragma once

#include <optional>
#include <string>

#include "sim/policy.h"

namespace shadowd::sim {

struct StaticPeakOptions {
  double target = 0.6;  // of the CPU request
  double head_room = 0.1;
};

class StaticPeak : public Policy {
 public:
  explicit StaticPeak(const InstanceFacts& facts, StaticPeakOptions options = {})
      : facts_(facts), options_(options) {}

  std::string name() const override { return "static-peak"; }
  int Decide(const PolicyView& view) override;

 private:
  InstanceFacts facts_;
  StaticPeakOptions options_;
  std::optional<int> level_;
};

}  // namespace shadowd::sim
