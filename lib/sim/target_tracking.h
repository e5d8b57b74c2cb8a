// Target tracking in the manner of AWS Application Auto Scaling: an alarm after three minutes above the
// target adds what the ratio asks for at once, and again within the cool-down only if that is more; after
// fifteen minutes below nine tenths of the target it takes away a tenth at most (one at least), a cool-down
// apart. Metrics are minutes of mean CPU utilisation; a minute without data ends the row that an alarm needs.
#pragma once

#include <optional>
#include <string>

#include "base/time.h"
#include "sim/policy.h"

namespace shadowd::sim {

struct TargetTrackingOptions {
  double target = 0.6;  // of the CPU request
  int minutes_out = 3;
  int minutes_in = 15;
  double in_below = 0.9;  // of the target
  double in_share_max = 0.1;
  Micros cool_down = std::chrono::seconds(300);
};

class TargetTracking : public Policy {
 public:
  TargetTracking(const InstanceFacts& facts, TargetTrackingOptions options = {})
      : facts_(facts), options_(options) {}

  std::string name() const override { return "target-tracking"; }
  Micros interval() const override { return std::chrono::minutes(1); }
  int Decide(const PolicyView& view) override;

 private:
  InstanceFacts facts_;
  TargetTrackingOptions options_;
  int above_ = 0, below_ = 0;  // minutes in a row
  std::optional<Micros> last_out_, last_in_;
};

// The mean CPU of the service over the last `span` of the log; nothing when nothing of it is known.
std::optional<double> RecentCpuCores(const DemandLog& log, Micros span);

}  // namespace shadowd::sim
