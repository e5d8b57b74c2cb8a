// Scaling on the larger of now and a week ago, as Grafana Mimir does with KEDA (its pull request #7775): the
// CPU that the service uses now and the most it used a week ago over the half hour that lies ahead, each
// instance to carry its target; a day ago where the history is shorter than a week. The HPA behind it has its
// own tolerance, stabilisation and rates.
#pragma once

#include <string>

#include "base/time.h"
#include "sim/hpa.h"
#include "sim/policy.h"

namespace shadowd::sim {

struct WeeklyOffsetOptions {
  double target = 0.6;  // of the CPU request
  Micros look_ahead = std::chrono::minutes(30);
  Micros now_span = std::chrono::minutes(1);
  HpaOptions behaviour;
};

class WeeklyOffset : public Policy {
 public:
  explicit WeeklyOffset(const InstanceFacts& facts, WeeklyOffsetOptions options = {})
      : facts_(facts), options_(options), behaviour_(options.behaviour) {}

  std::string name() const override { return "weekly-offset"; }
  Micros interval() const override { return options_.behaviour.loop; }
  int Decide(const PolicyView& view) override;

 private:
  InstanceFacts facts_;
  WeeklyOffsetOptions options_;
  HpaBehaviour behaviour_;
};

}  // namespace shadowd::sim
