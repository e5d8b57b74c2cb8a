// Kubernetes' Horizontal Pod Autoscaler with its defaults: desired = ceil(ready * metric / target), nothing
// within the tolerance, its rules for instances that are not ready or have no metric, the largest of several
// metrics, stabilisation and the limits on the rate of change. Written from the documentation of the HPA and
// KEP-853 (configurable behaviour); every rule has a test with figures worked out by hand. Values.
#pragma once

#include <deque>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/time.h"
#include "sim/policy.h"

namespace shadowd::sim {

struct HpaMetric {
  enum class Kind { kCpuUtilisation, kDemandPerInstance };
  Kind kind = Kind::kCpuUtilisation;
  double target = 0.6;  // of the CPU request, or requests per second and instance
};

struct HpaOptions {
  std::vector<HpaMetric> metrics = {HpaMetric{}};
  double tolerance = 0.1;
  Micros loop = std::chrono::seconds(15);
  Micros cpu_initialisation = std::chrono::minutes(5);  // in which a metric from before ready does not count
  Micros stabilisation_out{0};
  Micros stabilisation_in = std::chrono::seconds(300);
  int out_instances_max = 4;  // in a period: the larger of the two
  double out_share_max = 1;
  double in_share_max = 1;
  Micros period = std::chrono::seconds(15);
};

// What one metric asks for; nothing when it cannot be told (no instance that counts has a metric).
std::optional<int> HpaReplicas(const HpaMetric& metric, std::span<const InstanceView> instances, int current,
                               Micros now, const HpaOptions& options);

// What a metric of the whole service asks for that is to be `target` per instance (AverageValue).
int HpaReplicasOfTotal(double total, double target, int current, double tolerance);

// Stabilisation and rates: what becomes of a desired number. One per play, called at each loop with a
// recommendation; a loop without one is left out.
class HpaBehaviour {
 public:
  explicit HpaBehaviour(const HpaOptions& options) : options_(options) {}

  int Limit(Micros now, int current, int desired);

 private:
  int Stabilise(Micros now, int current, int desired);
  int ChangeWithin(Micros now, bool out) const;

  HpaOptions options_;
  std::deque<std::pair<Micros, int>> recommendations_;
  std::deque<std::pair<Micros, int>> changes_;  // signed
  std::optional<std::pair<Micros, int>> last_;  // when it was called, and the replicas it found
};

class Hpa : public Policy {
 public:
  explicit Hpa(HpaOptions options = {}) : options_(std::move(options)), behaviour_(options_) {}

  std::string name() const override { return "hpa"; }
  Micros interval() const override { return options_.loop; }
  int Decide(const PolicyView& view) override;

 private:
  HpaOptions options_;
  HpaBehaviour behaviour_;
};

}  // namespace shadowd::sim
