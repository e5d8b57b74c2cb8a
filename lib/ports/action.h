// What the core asks of the world. Actions are done after the mutations of the same step are durable; results
// come back as events. Every action is safe to repeat: its key or target makes the second time a no-op.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "base/time.h"
#include "model/ids.h"
#include "model/replica.h"
#include "model/service.h"

namespace shadowd::forecast {
struct FitInput;
}

namespace shadowd::ports {

struct StartReplica {
  model::IntentKey key;
  model::ReplicaId replica;
  model::Role role = model::Role::kInstance;
  std::string version;
  model::InstanceTemplate instance;
  model::ShadowClass shadow_class;  // of a shadow
  Micros lease{0};                  // of a shadow; 0 = none
  Micros ttl{0};                    // of a shadow; 0 = none
};
struct StopReplica {
  model::IntentKey key;
  model::ReplicaId replica;
  Micros grace{0};
};

// The balancer. Server names equal replica ids.
struct AddServer {
  model::IntentKey key;
  model::ReplicaId replica;
  std::string address;
  model::HaproxySpec haproxy;
};
struct DrainServer {  // ends when no session is left on it, or at the deadline
  model::IntentKey key;
  model::ReplicaId replica;
  model::HaproxySpec haproxy;
  Micros deadline{0};
};
struct RemoveServer {
  model::IntentKey key;
  model::ReplicaId replica;
  model::HaproxySpec haproxy;
};

// Observation of production: started with the service, replaced by a new spec, ended with it. A spec that
// names nothing to observe by ends it too.
struct ObserveProduction {
  model::ServiceSpec spec;
  WallTime known_until;  // of past demand; the epoch: none is known
};
struct StopObserving {};

// The data plane of a trial. The whole of it is stated each time; what is not named stops.
struct ShadowFeed {
  model::ReplicaId shadow;
  std::string address;
  double rate_rps = 0;  // in all: mirrored share first, synthetic on top
  int instances = 1;    // of the level it stands for: round robin over so many makes Erlang arrivals
  bool operator==(const ShadowFeed&) const = default;
};
struct SetTraffic {
  std::vector<ShadowFeed> feeds;  // empty = stop everything
  model::MirrorSpec mirror;
  model::LoadSpec load;
  model::Balancing balancing = model::Balancing::kRandom;
  double production_rps = 0;  // of the whole service now, to turn percent into a rate
  uint64_t seed = 0;
};

struct FitForecast {
  std::shared_ptr<const forecast::FitInput> input;
};

// One timer per machine; a later ArmTimer replaces an earlier one.
struct ArmTimer {
  MonoTime at;
};

// One line for the journal: key=value, a transition and its cause.
struct LogTransition {
  std::string line;
};

using Effect =
    std::variant<StartReplica, StopReplica, AddServer, DrainServer, RemoveServer, ObserveProduction,
                 StopObserving, SetTraffic, FitForecast, ArmTimer, LogTransition>;

struct Action {
  model::ServiceId service;
  Effect effect;
};

}  // namespace shadowd::ports
