// A host in virtual time: the control core unchanged, and doubles of everything it talks to on its own ports:
// a provider with start-up times and failures, a balancer that splits users' requests at random, shadows fed
// at their rates, one plant per replica simulated request by request, and a store that keeps what was made
// durable. Seeded: the same options give the same run. Single-threaded; owned by whoever simulates.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <queue>
#include <set>
#include <string>
#include <vector>

#include "base/rng.h"
#include "base/time.h"
#include "control/core.h"
#include "sim/arrivals.h"
#include "sim/plant.h"

namespace shadowd::sim {

struct WorldOptions {
  std::function<double(double seconds)> demand_rps;  // of the users, at a time since the start
  std::map<std::string, PlantOptions> versions;      // by the spec's version label
  Micros start_up = std::chrono::seconds(10);
  double start_failure = 0;  // probability that a start fails
  double shadow_crash = 0;   // probability per second that a shadow dies
  control::HostLimits host;
  uint64_t seed = 1;
};

// What was made durable, newest value by id.
struct Kept {
  std::optional<model::Service> service;
  std::map<model::ReplicaId, model::Instance> instances;
  std::map<model::ReplicaId, model::Shadow> shadows;
  std::map<model::TrialId, model::Trial> trials;
  std::map<model::DecisionId, model::Decision> decisions;
  std::map<model::IntentKey, model::Intent> intents;
  std::vector<model::ModelVersion> models;
  std::vector<model::LedgerEntry> ledger;
  std::vector<std::pair<WallTime, double>> demand_rps;
  std::optional<model::Forecast> forecast;
  int next_sequence = 1;
};

class World {
 public:
  explicit World(WorldOptions options);

  // Gives an event to the core now. The answer, if it had one.
  std::optional<StatusOr<ports::ReplyValue>> Send(ports::Event event);
  void RunFor(Micros duration);
  // Runs until `met` or for at most this long; true when it was met. Looked at each 50 ms.
  bool RunUntil(const std::function<bool(const World&)>& met, Micros at_most);
  // The daemon dies and comes back with what was durable; production goes on, the lease ends the shadows if
  // it stays away.
  void Restart();

  Now now() const { return {now_, WallTime(kEpoch + now_.time_since_epoch())}; }
  const Kept& kept(const model::ServiceId& service) const;
  const control::Core& core() const { return *core_; }
  const std::vector<std::string>& journal() const { return journal_; }  // transitions, with their times
  double violation_seconds() const { return violation_seconds_; }       // windows over the SLO
  double instance_seconds() const { return instance_seconds_; }
  int shadows_alive() const;
  int instances_alive() const;
  std::vector<model::Decision> Decisions(const model::ServiceId& service) const;

 private:
  static constexpr Micros kEpoch = std::chrono::hours(24 * 365 * 50);

  struct Replica {
    model::ServiceId service;
    model::Role role = model::Role::kInstance;
    std::unique_ptr<Plant> plant;
    bool ready = false;
    bool in_balancer = false;
    std::optional<Arrivals> feed;
  };
  struct Later {
    MonoTime at;
    uint64_t order = 0;
    ports::Event event;
    uint64_t life = 0;  // of the daemon; results for an earlier life are lost
    bool operator>(const Later& other) const { return at != other.at ? at > other.at : order > other.order; }
  };

  void After(Micros delay, model::ServiceId service, ports::Payload payload);
  void Absorb(ports::Outcome outcome);
  void Keep(const ports::Mutation& mutation);
  void Do(const ports::Action& action);
  void Start(const model::ServiceId& service, const ports::StartReplica& start);
  void Feed(const model::ServiceId& service, const ports::SetTraffic& traffic);
  void Second();  // one second of traffic, then its windows
  ports::ProductionWindow ServeUsers(MonoTime from, MonoTime to);
  void FeedShadows(MonoTime from, MonoTime to);

  WorldOptions options_;
  Rng rng_;
  MonoTime now_{};
  uint64_t order_ = 0;
  uint64_t life_ = 1;
  ports::ReplyToken next_token_ = 1;
  std::unique_ptr<control::Core> core_;
  std::priority_queue<Later, std::vector<Later>, std::greater<Later>> later_;
  std::optional<MonoTime> timer_;
  std::map<model::ReplicaId, Replica> replicas_;
  std::map<model::ServiceId, Kept> kept_;
  std::set<model::ServiceId> observed_;
  std::map<model::ServiceId, model::ServiceSpec> specs_;
  std::vector<std::string> journal_;
  std::map<ports::ReplyToken, StatusOr<ports::ReplyValue>> replies_;
  double violation_seconds_ = 0;
  double instance_seconds_ = 0;
};

}  // namespace shadowd::sim
