// Doubles of provider and balancer: which replicas run, since when, and which of them take users' requests.
// It also keeps the account of the window that is open: for how much of it each instance served and was
// paid for. Owned by World; value type.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "model/ids.h"
#include "model/replica.h"

namespace shadowd::sim {

struct Replica {
  model::ServiceId service;
  model::Role role = model::Role::kInstance;
  std::string version;  // label
  MonoTime started;
  bool in_balancer = false;
  MonoTime joined;
  std::optional<MonoTime> ready;  // none: never
  model::IntentKey start_key;
  Micros lease{0};
};

// How one instance took part in a window.
struct Turn {
  model::ReplicaId id;
  std::string version;
  double share = 0;    // of the window, in the balancer
  bool still = false;  // in the balancer at its end
};

class ReplicaHost {
 public:
  void Start(const model::ReplicaId& id, Replica replica) { replicas_[id] = std::move(replica); }
  void Stop(const model::ReplicaId& id, MonoTime at);  // or it died
  bool Join(const model::ReplicaId& id, MonoTime at);  // false when there is no such replica
  void Leave(const model::ReplicaId& id, MonoTime at);

  bool Runs(const model::ReplicaId& id) const { return replicas_.contains(id); }
  int InBalancer(const model::ServiceId& service) const;
  int Count(model::Role role) const;
  std::vector<model::ReplicaId> Instances(const model::ServiceId& service) const;
  const std::map<model::ReplicaId, Replica>& replicas() const { return replicas_; }

  // Ends the window [from, to) of a service: who served in it, by id, and the instances paid for, on average.
  struct Account {
    std::vector<Turn> turns;
    double paid = 0;
  };
  Account CloseWindow(const model::ServiceId& service, MonoTime from, MonoTime to);

 private:
  struct Open {  // of those that left or ended within the window
    std::map<model::ReplicaId, std::pair<std::string, Micros>> served;
    Micros paid{0};
  };

  std::map<model::ReplicaId, Replica> replicas_;
  std::map<model::ServiceId, Open> open_;
  std::map<model::ServiceId, MonoTime> window_start_;
};

}  // namespace shadowd::sim
