// One simulated instance: a first-come first-served server with several slots (M/G/c when fed by a Poisson
// stream), in virtual time and seeded, so that a run can be repeated to the microsecond. It reports the KPI
// windows that a real meter would make. Owned by whoever simulates; single-threaded; value type. Bounded: no
// more than queue_max requests wait, the rest are refused at once and count as errors.
#pragma once

#include <cstdint>
#include <functional>
#include <queue>
#include <vector>

#include "base/rng.h"
#include "base/time.h"
#include "model/kpi.h"

namespace shadowd::sim {

enum class ServiceShape { kLognormal, kGamma };

struct PlantOptions {
  int slots = 4;
  double service_ms = 20;    // mean time in a slot
  double service_cv = 0.25;  // standard deviation over mean
  ServiceShape shape = ServiceShape::kLognormal;
  double cpu_ms = 0.4;               // mean CPU time of a request; varies with its service time
  double idle_cores = 0;             // CPU used without any request
  double memory_bytes = 40e6;        // resident when idle
  double memory_per_request = 64e3;  // and per request inside
  double error_rate = 0;             // of requests that were served
  int queue_max = 10'000;            // waiting; more are refused
  double warm_up_factor = 1;         // the first request takes this many times longer ...
  double warm_up_seconds = 0;        // ... falling linearly to 1 over this time since the first arrival
};

class Plant {
 public:
  Plant(PlantOptions options, Rng rng);

  // A request arrives. Arrivals come in order of time and not before the last Collect.
  void Offer(MonoTime arrival);

  // The window from the end of the last one (at first: from time zero) until `until`, labelled with the wall
  // time of its start.
  model::KpiWindow Collect(MonoTime until, WallTime label);

  // Requests inside (waiting or in a slot) after everything that ended by `at` has left.
  int InsideAt(MonoTime at);

  const PlantOptions& options() const { return options_; }
  void set_options(const PlantOptions& options);  // for requests that arrive from now on

 private:
  struct Done {
    MonoTime at;
    uint32_t latency_us = 0;
    double cpu_seconds = 0;
    bool error = false;
    bool operator>(const Done& other) const { return at > other.at; }
  };
  template <typename T>
  using MinHeap = std::priority_queue<T, std::vector<T>, std::greater<T>>;

  double DrawServiceSeconds(MonoTime arrival, double* cpu_seconds);
  void SettleUntil(MonoTime until);

  PlantOptions options_;
  Rng rng_;
  MinHeap<MonoTime> slot_free_;
  MinHeap<Done> inside_;
  bool started_ = false;
  MonoTime first_{};
  MonoTime window_start_{};
  model::KpiWindow window_;
};

}  // namespace shadowd::sim
