// A double of production as its measurer sees it: a window of each service after each step, of the instances
// that served in it. Whoever asks fills in what the balancer knows: serving and server names. How the window
// comes about is the implementation's: request by request here, from tables elsewhere. Owned by World;
// seeded.
#pragma once

#include <functional>
#include <map>
#include <span>
#include <string>

#include "base/rng.h"
#include "base/time.h"
#include "model/ids.h"
#include "ports/event.h"
#include "sim/plant.h"
#include "sim/replica_host.h"

namespace shadowd::sim {

class Production {
 public:
  virtual ~Production() = default;

  virtual Micros step() const = 0;  // of its windows
  // The window [from, to), labelled with the wall time of its start. Windows come in order.
  virtual ports::ProductionWindow Serve(const model::ServiceId& service, MonoTime from, MonoTime to,
                                        WallTime label, const ReplicaHost::Account& account) = 0;
};

// Users' requests, split at random among the instances, each simulated by a plant of its own; windows of a
// second. An instance joins at the end of the second in which it entered the balancer.
class RequestProduction : public Production {
 public:
  RequestProduction(std::function<double(double seconds)> demand_rps,
                    std::map<std::string, PlantOptions> versions, Rng rng);

  Micros step() const override { return std::chrono::seconds(1); }
  ports::ProductionWindow Serve(const model::ServiceId& service, MonoTime from, MonoTime to, WallTime label,
                                const ReplicaHost::Account& account) override;

 private:
  std::function<double(double)> demand_rps_;
  std::map<std::string, PlantOptions> versions_;
  Rng rng_;
  std::map<model::ServiceId, std::map<model::ReplicaId, Plant>> plants_;
};

}  // namespace shadowd::sim
