// The production of one service at the level of windows: n instances behind a balancer serve a demand, and
// what comes out are the KPI windows that a meter would make. Below saturation an instance's latencies are
// drawn from its LoadTable; above it, and until its queue is empty again, each instance is a fluid first-in
// first-out queue of its own whose waits come on top, refused beyond queue_max. Fresh instances are slow
// while they warm up, a shared dependency slows all (contention), counts are Poisson. A request never moves
// to another instance, except that what waits in a drained one is shared among the rest. Where it stands
// against request-by-request simulation is tested. Seeded; single-threaded; owned by whoever simulates.
#pragma once

#include <deque>
#include <vector>

#include "base/rng.h"
#include "base/time.h"
#include "model/kpi.h"
#include "model/service.h"
#include "sim/load_table.h"
#include "sim/plant.h"

namespace shadowd::sim {

// Requests per second that an instance serves with every slot in use, and the CPU cores it then uses. The
// latter is an instance's CPU request, so "60 % CPU" means 60 % of its slots to every policy.
double FullLoadRps(const PlantOptions& options);
double CpuRequestCores(const PlantOptions& options);
// A version whose requests cost `factor` times as much time and CPU.
PlantOptions Dearer(PlantOptions options, double factor);
// One of `instances` that share a dependency: contention adds this share of time for each further one.
PlantOptions Contended(PlantOptions options, double contention, int instances);

struct ServedWindow {
  model::KpiWindow service;   // of all instances; latency_us is a sample of at most a few hundred, unordered
  model::KpiWindow instance;  // the mean instance: counts over n (rounded); its latencies are the service's
  int serving = 0;            // 0: nobody took requests and all were refused
  double p50_us = 0, p95_us = 0, p99_us = 0;  // of the service; 0 when nothing was served

  double QuantileUs(double p) const;                   // of the latency sample; 0 when empty
  double OverShare(Micros latency_limit) const;        // of completed requests: slower, failed or refused
  double Utilisation(double cpu_request_cores) const;  // of the mean instance: CPU used over the request
  double LatencyUs(const model::Slo& slo) const;       // the quantile that the SLO is about
  bool OverSlo(const model::Slo& slo) const;
};

class WindowPlant {
 public:
  // The table must cover `options`; it is shared with others and outlives this.
  WindowPlant(const PlantOptions& options, double contention, LoadTable& table, Rng rng);

  void Add(int count);  // they serve from the next window on, cold
  void AddWarm(int count);
  void Drain(int count);  // the newest leave; what waits in them is shared among the rest
  void Kill(int count);   // the newest die; what waits in them fails in the next window
  int serving() const { return static_cast<int>(instances_.size()); }
  double waiting() const;  // requests queued beyond the slots, all instances

  const PlantOptions& options() const { return options_; }
  void set_options(const PlantOptions& options);  // a new version, everywhere at once

  // The next window: requests come at this rate for `length` > 0.
  ServedWindow Serve(double demand_rps, Micros length, WallTime label);

 private:
  struct Batch {  // requests that came evenly in [from, to), seconds on the plant's own clock
    double count = 0;
    double from = 0, to = 0;
  };
  struct Instance {
    double age = 0;           // seconds in service
    std::deque<Batch> queue;  // oldest first
    double Queued() const;
  };
  struct Tally {  // what a window adds up to
    double offered = 0, served = 0, refused = 0;
    double cpu_seconds = 0;
    double inside = 0;  // requests in all instances at the end
    std::vector<uint32_t> latency_us;
  };
  struct Shape {                  // of one window, the same for all instances
    double rps = 0, seconds = 0;  // per instance
    double service_seconds = 0;   // mean time in a slot, with contention
    double even_count = -1;       // requests per instance where the balancer spreads them evenly; < 0: random
    double samples_per_request = 0;
  };

  bool Steady(const Instance& instance, double utilisation) const;
  void ServeSteady(int instances, const Shape& shape, Tally& tally);
  void ServeOne(Instance& instance, const Shape& shape, Tally& tally);
  void ServePiece(Instance& instance, const Shape& shape, double from, double seconds, double slowdown,
                  Tally& tally);
  void ServeQueue(Instance& instance, double count, double utilisation, double from, double seconds,
                  double service_seconds, const Shape& shape, Tally& tally);
  void Sample(double utilisation, double count, double wait_from, double wait_to, double service_seconds,
              const Shape& shape, Tally& tally);
  void Accept(Instance& instance, double count, double from, double seconds, double rate, Tally& tally);
  void TakeOver(Instance& instance, const Batch& batch);
  const LoadWindow& Draw(double utilisation, double requests);
  double Poisson(double mean);
  uint64_t Rounded(double count);  // to one of its neighbours, right in the mean
  double Slowdown(double age, double seconds) const;
  void Shuffle(std::vector<uint32_t>& values);
  ServedWindow Report(Tally& tally, Micros length, WallTime label);

  PlantOptions options_;
  double contention_;
  LoadTable& table_;
  Rng rng_;
  double clock_ = 0;
  double lost_ = 0;  // died with an instance, not yet reported
  std::vector<Instance> instances_;
};

}  // namespace shadowd::sim
