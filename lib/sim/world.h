// A host in virtual time: the control core unchanged, and doubles of everything it talks to on its own ports:
// provider and balancer (replica_host.h), production (production.h), the data plane (shadow_feeds.h) and a
// store (kept.h). Starts take their time and may fail, replicas die, windows come late or not at all. Seeded:
// the same options give the same run. Nothing is done between two events, so quiet hours cost nothing. With
// faults (faults.h) outcomes wait for a disk that may be slow or full (commit_queue.h), effects and messages
// meet their fates, and the daemon may die anywhere, also between a commit and what it was for; without, each
// step is durable and done at once. Single-threaded; owned by whoever simulates.
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
#include "sim/commit_queue.h"
#include "sim/faults.h"
#include "sim/kept.h"
#include "sim/memory.h"
#include "sim/plant.h"
#include "sim/production.h"
#include "sim/replica_host.h"
#include "sim/shadow_feeds.h"

namespace shadowd::sim {

struct WorldOptions {
  std::function<double(double seconds)> demand_rps;  // of the users, at a time since the start
  std::map<std::string, PlantOptions> versions;      // by the spec's version label
  Micros start_up = std::chrono::seconds(10);
  double start_up_cv = 0.03;
  double start_failure = 0;                            // probability that a start fails
  Micros fails_after = std::chrono::milliseconds(20);  // its order
  double shadow_crash = 0;                             // probability per second that a shadow dies
  double contention = 0;                 // a shadow's time in a slot grows by this share per further instance
  Micros metric_delay{0};                // until a window of production reaches the core
  double metric_loss = 0;                // probability that one is lost
  std::function<bool(MonoTime)> outage;  // true: no window of production arrives; may be empty
  std::shared_ptr<Production> production;  // none: request by request from demand_rps and versions
  WallTime epoch = WallTime(std::chrono::hours(24 * 365 * 50));  // the wall clock at the start
  // Sees every change as it is made durable; may be empty.
  std::function<void(const ports::Mutation&, MonoTime)> on_change;
  // Sees every step of the core, as the daemon's journal does; may be empty.
  std::function<void(const ports::Event&, Now, const ports::Outcome&)> on_step;
  std::shared_ptr<Faults> faults;  // none: nothing goes wrong but what is said above
  std::shared_ptr<Memory> memory;  // what a restart reads; none: `kept`
  size_t uncommitted_max = 16384;  // steps that wait for the disk; more refuse callers and drop measurements
  // Sees each effect as it is done, and each answer to a caller; may be empty.
  std::function<void(const ports::Action&, MonoTime)> on_effect;
  std::function<void(ports::ReplyToken, const StatusOr<ports::ReplyValue>&)> on_reply;
  std::function<void(const Recalled&)> on_recall;  // what a restart brings back
  control::HostLimits host;
  uint64_t seed = 1;
};

class World {
 public:
  explicit World(WorldOptions options);

  // Gives an event to the core now. The answer, if there is one by now: with faults it waits for the disk.
  std::optional<StatusOr<ports::ReplyValue>> Send(ports::Event event);
  void RunFor(Micros duration);
  // Runs until `met` or for at most this long; true when it was met. Looked at each 50 ms.
  bool RunUntil(const std::function<bool(const World&)>& met, Micros at_most);
  // The daemon dies and comes back with what was durable; production goes on, the lease ends the shadows if
  // it stays away.
  void Restart();
  // It dies now, with what was not yet durable, and comes back after this long.
  void Crash(Micros away);
  void JumpWallClock(Micros by);
  void Hear(const ports::Event& event) { Step(event); }  // something of the host's, that nobody waits for
  // The balancer loses every server of the service.
  void ForgetServers(const model::ServiceId& service);
  // An instance is gone and nobody tells; the balancer takes it out. False when none runs.
  bool KillSilently(const model::ServiceId& service);
  // A service that was in shadowd's care before the world began: its instances serve, and the core adopts
  // them as after a restart.
  void Inherit(const model::ServiceSpec& spec, int instances);
  // Instances die at once; the daemon hears of it. Fewer when fewer run.
  void Kill(const model::ServiceId& service, int instances);

  Now now() const { return {now_, WallAt(now_)}; }
  bool down() const { return down_until_.has_value(); }
  uint64_t life() const { return life_; }  // of the daemon: another after each death and each return
  const CommitQueue& commits() const { return uncommitted_; }
  // How long each shadow that is over was seen to run.
  const std::map<model::ReplicaId, double>& shadow_seconds() const { return shadow_seconds_; }
  bool frozen() const { return frozen_.frozen; }  // durably
  const Kept& kept(const model::ServiceId& service) const;
  const control::Core& core() const { return *core_; }
  const ReplicaHost& replicas() const { return host_; }
  const std::vector<std::string>& journal() const { return journal_; }  // transitions, with their times
  double violation_seconds() const { return violation_seconds_; }       // windows over the SLO
  double instance_seconds() const { return instance_seconds_; }
  int shadows_alive() const { return host_.Count(model::Role::kShadow); }
  int instances_alive() const { return host_.Count(model::Role::kInstance); }
  std::vector<model::Decision> Decisions(const model::ServiceId& service) const;

 private:
  enum class Due {
    kTell,     // a result or a message, to the life of the daemon that asked
    kIfAlive,  // the same, while the replica runs
    kDeath,    // of a replica, in any life; told when there is a daemon
    kStopped,  // the same, as an earlier life or this one asked for
    kLease,    // of a shadow whose daemon did not come back in time
    kFound,    // what the provider finds after a restart
  };
  struct Later {
    MonoTime at;
    uint64_t order = 0;
    ports::Event event;
    uint64_t life = 0;
    Due due = Due::kTell;
    model::ReplicaId replica;
    bool operator>(const Later& other) const { return at != other.at ? at > other.at : order > other.order; }
  };

  WallTime WallAt(MonoTime at) const { return options_.epoch + wall_offset_ + at.time_since_epoch(); }
  std::unique_ptr<control::Core> NewCore() const;
  void After(Micros delay, model::ServiceId service, ports::Payload payload, Due due = Due::kTell,
             const model::ReplicaId& replica = {});
  void Step(const ports::Event& event);
  void Absorb(ports::Outcome outcome);
  void Commit();  // hands on what is durable by now
  void Complete(ports::Outcome outcome);
  void Answer(ports::ReplyToken token, StatusOr<ports::ReplyValue> value);
  void Revive();
  Recalled Recall();
  void Recover(const std::vector<ports::Restored>& services);
  void Deliver(const Later& due);
  void Meet(const Later& due);  // the end of a replica
  void Do(const ports::Action& action);
  void Start(const model::ServiceId& service, const ports::StartReplica& start);
  void Stop(const model::ServiceId& service, const ports::StopReplica& stop);
  void ChangeServer(const model::ServiceId& service, const ports::Effect& effect);
  void TellStart(const model::ReplicaId& replica, const model::IntentKey& key, Micros after);
  // A result of an effect, which may be told twice.
  void Result(Micros delay, const model::ServiceId& service, const ports::Payload& payload,
              Due due = Due::kTell, const model::ReplicaId& replica = {});
  void Bring(const model::ReplicaId& replica, const model::ServiceId& service, const ports::StartReplica& how,
             std::optional<MonoTime> ready);
  void End(const model::ReplicaId& replica);
  void Note(const std::string& line);
  bool Dropped(const ports::Event& event);
  MonoTime NextMoment(MonoTime end) const;
  void ServeUsers(MonoTime from);
  void FeedShadows();

  WorldOptions options_;
  Rng rng_;
  ReplicaHost host_;
  ShadowFeeds feeds_;
  MonoTime now_{};
  uint64_t order_ = 0;
  uint64_t life_ = 1;
  ports::ReplyToken next_token_ = 1;
  std::unique_ptr<control::Core> core_;
  std::priority_queue<Later, std::vector<Later>, std::greater<Later>> later_;
  std::optional<MonoTime> timer_;
  std::map<model::ServiceId, Kept> kept_;
  CommitQueue uncommitted_;
  ports::FrozenSet frozen_;
  std::optional<MonoTime> down_until_;
  Micros wall_offset_{0};
  std::set<model::ReplicaId> sought_;  // by the provider, since a restart
  std::set<model::ServiceId> served_;  // their users are there whether the daemon looks or not
  std::set<model::ServiceId> observed_;
  std::vector<std::string> journal_;
  std::map<ports::ReplyToken, StatusOr<ports::ReplyValue>> replies_;
  std::map<model::ReplicaId, double> shadow_seconds_;
  double violation_seconds_ = 0;
  double instance_seconds_ = 0;
};

}  // namespace shadowd::sim
