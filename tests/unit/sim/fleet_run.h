// What the window-level plant is held against: n plants behind a balancer, request by request.
#pragma once

#include <algorithm>
#include <vector>

#include "sim/arrivals.h"
#include "sim/plant.h"
#include "sim/window_plant.h"

namespace shadowd::sim {

struct FleetWindow {
  double p50_us = 0, p95_us = 0;
  uint64_t offered = 0, completed = 0, errors = 0;
  double cpu_seconds = 0;
};

class FleetRun {
 public:
  FleetRun(const PlantOptions& options, int instances, bool round_robin, uint64_t seed)
      : rng_(seed), round_robin_(round_robin) {
    for (int i = 0; i < instances; ++i) {
      plants_.emplace_back(options, rng_.Fork());
    }
  }

  void Add(const PlantOptions& options) {
    plants_.emplace_back(options, rng_.Fork());
    plants_.back().Collect(now_, WallTime{});
  }

  FleetWindow Serve(double demand_rps, double seconds) {
    const MonoTime until = now_ + FromSeconds(seconds);
    Arrivals users(demand_rps, now_, rng_.Fork());
    while (users.Peek() < until) {
      const size_t to = round_robin_ ? next_++ % plants_.size() : rng_.Below(plants_.size());
      plants_[to].Offer(users.Take());
    }
    FleetWindow out;
    std::vector<uint32_t> latency;
    for (Plant& plant : plants_) {
      const model::KpiWindow window = plant.Collect(until, WallTime{});
      out.offered += window.offered;
      out.completed += window.completed;
      out.errors += window.errors;
      out.cpu_seconds += window.cpu_seconds;
      latency.insert(latency.end(), window.latency_us.begin(), window.latency_us.end());
    }
    now_ = until;
    std::sort(latency.begin(), latency.end());
    if (!latency.empty()) {
      out.p50_us = latency[latency.size() / 2];
      out.p95_us = latency[static_cast<size_t>(0.95 * static_cast<double>(latency.size() - 1))];
    }
    return out;
  }

 private:
  Rng rng_;
  bool round_robin_;
  size_t next_ = 0;
  MonoTime now_{};
  std::vector<Plant> plants_;
};

}  // namespace shadowd::sim
