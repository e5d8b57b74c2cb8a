// What befalls a world from outside: the daemon dies and comes back, instances die, a service is taken over.
#include <algorithm>
#include <utility>

#include "sim/world.h"

namespace shadowd::sim {
namespace {

constexpr Micros kSoon = std::chrono::milliseconds(20);
constexpr Micros kStraysEnd = std::chrono::seconds(1);

}  // namespace

void World::Kill(const model::ServiceId& service, int instances) {
  std::vector<model::ReplicaId> alive = host_.Instances(service);
  for (int i = 0; i < instances && !alive.empty(); ++i) {
    const auto victim = alive.begin() + static_cast<std::ptrdiff_t>(rng_.Below(alive.size()));
    After(Micros(0), service,
          ports::ReplicaFailed{{}, *victim, WithReason(Aborted("killed by signal 9"), "EXITED")});
    End(*victim);
    alive.erase(victim);
  }
}

bool World::KillSilently(const model::ServiceId& service) {
  const std::vector<model::ReplicaId> alive = host_.Instances(service);
  if (!alive.empty()) {
    End(alive[rng_.Below(alive.size())]);
  }
  return !alive.empty();
}

void World::ForgetServers(const model::ServiceId& service) {
  for (const model::ReplicaId& instance : host_.Instances(service)) {
    host_.Leave(instance, now_);
  }
}

void World::JumpWallClock(Micros by) {
  wall_offset_ += by;
  Note(fmt::format("world: the wall clock jumps by {:.0f} s", ToSeconds(by)));
}

void World::Crash(Micros away) {
  ++life_;
  down_until_ = now_ + away;
  timer_.reset();
  observed_.clear();
  sought_.clear();
  feeds_.Silence();
  uncommitted_.Clear();
  core_ = NewCore();
  for (auto& [service, kept] : kept_) {
    kept.forecast.reset();  // told to those who ask, not stored
  }
  for (const auto& [id, replica] : host_.replicas()) {
    if (replica.lease > Micros(0)) {  // renewed each third of it
      const Micros left = replica.lease - FromSeconds(rng_.Uniform() * ToSeconds(replica.lease) / 3);
      After(left, replica.service, ports::ReplicaFailed(), Due::kLease, id);
    }
  }
  Note(fmt::format("world: the daemon dies, for {:.1f} s", ToSeconds(away)));
}

void World::Restart() {
  Crash(Micros(0));
  Revive();
}

Recalled World::Recall() {
  if (options_.memory != nullptr) {
    return options_.memory->Reopen(now().wall);
  }
  Recalled recalled{{}, frozen_.frozen, frozen_.reason};
  for (const auto& [id, kept] : kept_) {
    if (kept.service) {
      recalled.services.push_back(kept.Restore());
    }
  }
  return recalled;
}

void World::Revive() {
  ++life_;
  down_until_.reset();
  Note("world: the daemon is back");
  Recalled recalled = Recall();
  if (options_.on_recall) {
    options_.on_recall(recalled);
  }
  core_->RestoreFreeze(recalled.frozen, recalled.frozen_reason);
  Recover(recalled.services);
  for (ports::Restored& restored : recalled.services) {
    const model::ServiceId id = restored.service.spec.id;
    Step({id, std::move(restored), 0, "restart"});
  }
}

// As the provider does: each replica of the store is looked for, with its start told again where the store
// does not know its process; a shadow that the store does not know is ended, an instance reported.
void World::Recover(const std::vector<ports::Restored>& services) {
  for (const ports::Restored& restored : services) {
    const model::ServiceId& service = restored.service.spec.id;
    const auto seek = [&](const auto& replica) {
      sought_.insert(replica.id);
      if (replica.process.pid == 0 && host_.Runs(replica.id)) {
        TellStart(replica.id, host_.replicas().at(replica.id).start_key, kSoon);
      }
      After(kSoon, service, ports::ReplicaFound{replica.id, false}, Due::kFound, replica.id);
    };
    std::for_each(restored.instances.begin(), restored.instances.end(), seek);
    std::for_each(restored.shadows.begin(), restored.shadows.end(), seek);
  }
  for (const auto& [id, replica] : host_.replicas()) {
    if (sought_.contains(id)) {
      continue;
    }
    if (replica.role == model::Role::kShadow) {
      After(kStraysEnd, replica.service, ports::ReplicaFailed(), Due::kLease, id);
    } else {
      After(kSoon, replica.service, ports::ReplicaFound{id, true});
    }
  }
}

void World::Inherit(const model::ServiceSpec& spec, int instances) {
  Kept& kept = kept_[spec.id];
  model::Service service;
  service.spec = spec;
  service.create_time = service.update_time = now().wall;
  service.target = instances;
  service.rollout_version = control::IdentityOf(spec);
  service.rollout_instance = spec.instance;
  kept.service = std::move(service);
  for (int i = 0; i < instances; ++i) {
    model::Instance instance;
    instance.id = model::ReplicaId(fmt::format("{}-i{}", spec.id, kept.next_sequence++));
    instance.service = spec.id;
    instance.version = kept.service->rollout_version;
    instance.state = model::ReplicaState::kServing;
    instance.create_time = instance.ready_time = now().wall;
    ports::StartReplica how;
    how.version = spec.version;
    Bring(instance.id, spec.id, how, now_);
    host_.Join(instance.id, now_);
    kept.instances[instance.id] = std::move(instance);
  }
  Restart();
}

}  // namespace shadowd::sim
