// A scaling policy of the simple kind, which looks at metrics and says how many replicas it wants, and what
// it is shown. The player owns the log and appends to it what has arrived, so a policy cannot see the future;
// the oracles are handed the scene in their constructors and are the only ones that do. Policies keep state
// between calls, are owned by one play and single-threaded; a second play needs a new one.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "base/time.h"
#include "sim/scene.h"

namespace shadowd::sim {

// What a user of the service knows of an instance from its past operation.
struct InstanceFacts {
  double cpu_request_cores = 0;        // its CPU at full use of its slots
  double cpu_seconds_per_request = 0;  // as measured over the history
};
InstanceFacts FactsOf(const Scene& scene);

// Demand and CPU of the whole service at even steps: the history, then what arrived. NaN = lost or not known.
struct DemandLog {
  WallTime start;
  Micros step{0};
  std::vector<double> demand_rps;
  std::vector<double> cpu_cores;

  size_t size() const { return demand_rps.size(); }
  WallTime end() const { return start + step * static_cast<int64_t>(size()); }
};

// One instance as a metrics server and the orchestrator show it.
struct InstanceView {
  Micros started_at{0};  // since the start of the play; long ago for those it began with
  bool ready = false;
  Micros ready_at{0};  // valid when ready
  bool measured = false;
  Micros window_start{0};  // of its newest metric, when measured
  double utilisation = 0;  // CPU over the CPU request
  double demand_rps = 0;
};

struct PolicyView {
  Micros now{0};  // since the start of the play
  WallTime wall;
  int wanted = 0;  // replicas asked for now
  int ready = 0;
  std::span<const InstanceView> instances;  // serving and starting
  const DemandLog& log;
};

class Policy {
 public:
  virtual ~Policy() = default;
  virtual std::string name() const = 0;
  virtual Micros interval() const { return std::chrono::seconds(15); }  // between two calls, at least a step
  // Replicas wanted from now on; the player applies the bounds. view.wanted = no change.
  virtual int Decide(const PolicyView& view) = 0;
};

}  // namespace shadowd::sim
