// What n instances of a version hold, by the window plant itself: the load per instance up to which at most
// one window in a hundred is over the SLO. The truth that an oracle knows and that a scorecard counts
// against; no policy but the oracles may see it. Results are cached, seeded and independent of the order of
// asking. Owned by whoever simulates; single-threaded.
#pragma once

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "model/service.h"
#include "sim/load_table.h"
#include "sim/plant.h"
#include "sim/scene.h"

namespace shadowd::sim {

class CapacityTable {
 public:
  static constexpr double kViolationsMax = 0.01;  // of the windows at a load that is said to hold

  // Of the scene: its plant, contention, SLO and step; its demand and seed do not matter. The load table
  // covers the plant and outlives this.
  CapacityTable(const Scene& scene, LoadTable& table);

  // The largest demand that n instances hold when requests cost `factor` times the first version's. 0 when
  // they hold none, since the SLO lies below the time of a single request.
  double MaxDemand(int instances, double factor);

  // The fewest instances in [min, max] that hold it; max when not even they do.
  struct Answer {
    int level = 0;
    bool holds = false;
  };
  Answer SmallestLevel(double demand_rps, double factor, int min, int max);

 private:
  using Factor = int64_t;  // in millionths, so that it orders

  double MaxUtilisation(int instances, double factor);
  double Simulate(int instances, double factor);
  PlantOptions At(int instances, double factor) const;

  PlantOptions plant_;
  double contention_;
  model::Slo slo_;
  Micros step_;
  LoadTable& table_;
  std::map<std::pair<Factor, int>, double> simulated_;    // the largest utilisation, for steps of fleet size
  std::map<Factor, std::vector<double>> max_demand_rps_;  // for 1, 2, ... instances
};

}  // namespace shadowd::sim
