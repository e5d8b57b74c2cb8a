// A double of the data plane: one plant per shadow, fed at the rate that the core asks for and simulated
// request by request. Owned by World; seeded; value type.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "base/rng.h"
#include "base/time.h"
#include "model/ids.h"
#include "ports/action.h"
#include "ports/event.h"
#include "sim/arrivals.h"
#include "sim/plant.h"

namespace shadowd::sim {

class ShadowFeeds {
 public:
  explicit ShadowFeeds(Rng rng) : rng_(rng) {}

  void Open(const model::ReplicaId& shadow, const model::ServiceId& service, const PlantOptions& options,
            Now now);
  void Close(const model::ReplicaId& shadow) { feeds_.erase(shadow); }
  // The whole of a service's traffic: shadows that it does not name are fed no longer.
  void Set(const model::ServiceId& service, const ports::SetTraffic& traffic, MonoTime now);
  void Silence();  // all of them: the data plane died

  bool empty() const { return feeds_.empty(); }
  struct Seen {
    model::ServiceId service;
    ports::ShadowWindow window;
  };
  // The windows, from the last ones until `to`, of those that are fed.
  std::vector<Seen> Serve(MonoTime to, WallTime label);

 private:
  struct Feed {
    model::ServiceId service;
    Plant plant;
    std::optional<Arrivals> arrivals;
  };
  Rng rng_;
  std::map<model::ReplicaId, Feed> feeds_;
};

}  // namespace shadowd::sim
