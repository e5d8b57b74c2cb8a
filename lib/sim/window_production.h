// Production at the level of windows, for the World: a WindowPlant that follows what the balancer does, fed
// with a trace, and the account of what users had in every step. Instances join and leave the plant at the
// edge of the window that is nearest to when they did. While versions roll, the plant runs at their mean
// cost. Owned by whoever plays; seeded; single-threaded.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/rng.h"
#include "base/time.h"
#include "model/service.h"
#include "sim/load_table.h"
#include "sim/play.h"
#include "sim/production.h"
#include "sim/scene.h"
#include "sim/window_plant.h"

namespace shadowd::sim {

class WindowProduction : public Production {
 public:
  // `demand` with the scene's events already in it, starting at time zero. `cost` by version label: what a
  // request costs against the scene's plant. After the trace's end its last value goes on.
  WindowProduction(const Scene& scene, Trace demand, std::map<std::string, double> cost, LoadTable& table,
                   Rng rng);

  Micros step() const override { return demand_.step; }
  ports::ProductionWindow Serve(const model::ServiceId& service, MonoTime from, MonoTime to, WallTime label,
                                const ReplicaHost::Account& account) override;

  // The next instances that leave are dead: what waits in them fails.
  void ExpectDeaths(int count) { deaths_ += count; }
  // What was served so far, one step a window; without what the policy wanted and forecast.
  const std::vector<PlayStep>& steps() const { return steps_; }

 private:
  void Follow(const ReplicaHost::Account& account, bool before);
  void Price(const ReplicaHost::Account& account);
  void Record(const ServedWindow& served, const ReplicaHost::Account& account, double seconds);

  Trace demand_;
  std::map<std::string, double> cost_;
  PlantOptions plant_options_;
  model::Slo slo_;
  WindowPlant plant_;
  std::set<model::ReplicaId> inside_;  // in the plant
  bool warm_ = true;                   // the first to come have served for long
  int deaths_ = 0;
  std::vector<PlayStep> steps_;
};

}  // namespace shadowd::sim
