// What one instance shows in a window, by load: simulated request by request with Plant, never computed from
// a formula. Time is counted in mean service times, in which a plant behaves the same whatever its speed, so
// one table serves every version that differs in speed and price alone. Bins of utilisation lie closer
// towards saturation, where latency turns steep; each keeps several windows of one long seeded run behind a
// balancer, as evenly spaced quantiles of their latencies. Bins are made when first asked for, each from a
// seed of its own, so the order of asking changes nothing. Owned by whoever simulates; single-threaded;
// bounded by the bins, the steps of fleet size and of window length.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <tuple>
#include <vector>

#include "base/rng.h"
#include "model/service.h"
#include "sim/plant.h"

namespace shadowd::sim {

struct LoadWindow {
  static constexpr int kQuantiles = 256;
  std::array<float, kQuantiles> latency{};  // ascending, at (i + 0.5) / kQuantiles; in mean service times
  float work = 1;                           // mean CPU time of a request over its expectation
  float inside = 0;                         // requests in the instance when the window ended
  float refused = 0;                        // of the requests offered
};

struct LoadBin {
  double utilisation = 0;  // offered load over what the slots can serve
  std::vector<LoadWindow> windows;
};

class LoadTable {
 public:
  // Above this an instance is not in a steady state within a window: see WindowPlant.
  static constexpr double kMaxUtilisation = 0.98;

  explicit LoadTable(const PlantOptions& plant, model::Balancing balancing = model::Balancing::kRandom,
                     uint64_t seed = 1);

  // True when the table holds for this plant too: the same slots, spread of service times and queue.
  bool Covers(const PlantOptions& options) const;
  model::Balancing balancing() const { return balancing_; }

  // The place of a utilisation between bins, in [0, bins() - 1].
  static double PlaceOf(double utilisation);
  static int bins();

  // `instances` share the balancer; the window is as long as `requests` take at full use of one instance.
  // Both are rounded to steps. Longer windows than the longest step are made of several by whoever asks.
  const LoadBin& At(int bin, int instances, double requests);
  static int WindowsIn(double requests);  // of the longest step; 1 = one is enough

  int simulated_bins() const { return static_cast<int>(cache_.size()); }

 private:
  LoadBin Simulate(int bin, int instances, int requests) const;

  PlantOptions plant_;
  model::Balancing balancing_;
  uint64_t seed_;
  std::map<std::tuple<int, int, int>, LoadBin> cache_;  // by requests, instances, bin
};

}  // namespace shadowd::sim
