#include "sim/capacity_table.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "sim/window_plant.h"

namespace shadowd::sim {
namespace {

constexpr int kWindows = 200;   // simulated at each load that is tried
constexpr int kBisections = 8;  // the answer is known to 1/256 of the range
constexpr double kLowest = 0.02;
constexpr double kHighest = 1.0;
constexpr double kFleetRatio = 1.4;  // between the fleet sizes that are simulated; others are interpolated
constexpr int kExactUpTo = 4;
constexpr uint64_t kSeed = 0x5eed0fca9ac17aULL;

int FleetBelow(int instances) {
  int fleet = std::min(instances, kExactUpTo);
  while (true) {
    const int next = static_cast<int>(std::ceil(fleet * kFleetRatio));
    if (fleet < kExactUpTo || next > instances) {
      return fleet;
    }
    fleet = next;
  }
}

int FleetAbove(int fleet) {
  return fleet < kExactUpTo ? fleet + 1 : static_cast<int>(std::ceil(fleet * kFleetRatio));
}

}  // namespace

CapacityTable::CapacityTable(const Scene& scene, LoadTable& table)
    : plant_(scene.plant),
      contention_(scene.contention),
      slo_(scene.spec.slo),
      step_(scene.trace.step),
      table_(table) {
  SHADOWD_CHECK(table.Covers(scene.plant));
  plant_.warm_up_seconds = 0;
}

PlantOptions CapacityTable::At(int instances, double factor) const {
  return Contended(Dearer(plant_, factor), contention_, instances);
}

double CapacityTable::Simulate(int instances, double factor) {
  const double full_rps = FullLoadRps(At(instances, factor)) * instances;
  double low = 0, high = kHighest;
  for (int round = 0; round <= kBisections; ++round) {
    const double utilisation = round == 0 ? kLowest : 0.5 * (low + high);
    Rng rng(kSeed + static_cast<uint64_t>(instances) * 1000 + static_cast<uint64_t>(round));
    int over = 0;
    for (int i = 0; i < kWindows; ++i) {
      WindowPlant plant(Dearer(plant_, factor), contention_, table_, rng.Fork());
      plant.AddWarm(instances);
      over += plant.Serve(utilisation * full_rps, step_, WallTime{}).OverSlo(slo_) ? 1 : 0;
    }
    const bool holds = over <= kViolationsMax * kWindows;
    if (round == 0 && !holds) {
      return 0;
    }
    (holds ? low : high) = utilisation;
  }
  return low;
}

double CapacityTable::MaxUtilisation(int instances, double factor) {
  const auto millionths = static_cast<Factor>(std::llround(factor * 1e6));
  const auto simulated = [&](int fleet) {
    const auto found = simulated_.find({millionths, fleet});
    return found != simulated_.end()
               ? found->second
               : simulated_.emplace(std::pair{millionths, fleet}, Simulate(fleet, factor)).first->second;
  };
  const int below = FleetBelow(instances);
  if (below == instances) {
    return simulated(below);
  }
  const int above = FleetAbove(below);
  const double share =
      std::log(static_cast<double>(instances) / below) / std::log(static_cast<double>(above) / below);
  return (1 - share) * simulated(below) + share * simulated(above);
}

double CapacityTable::MaxDemand(int instances, double factor) {
  SHADOWD_CHECK(instances >= 0 && factor > 0);
  std::vector<double>& known = max_demand_rps_[static_cast<Factor>(std::llround(factor * 1e6))];
  for (int n = static_cast<int>(known.size()) + 1; n <= instances; ++n) {
    known.push_back(MaxUtilisation(n, factor) * n * FullLoadRps(At(n, factor)));
  }
  return instances == 0 ? 0 : known[static_cast<size_t>(instances) - 1];
}

CapacityTable::Answer CapacityTable::SmallestLevel(double demand_rps, double factor, int min, int max) {
  for (int level = min; level < max; ++level) {
    if (MaxDemand(level, factor) >= demand_rps) {
      return {level, true};
    }
  }
  return {max, MaxDemand(max, factor) >= demand_rps};
}

}  // namespace shadowd::sim
