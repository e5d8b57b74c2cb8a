// What befalls a world from outside: the daemon dies and comes back, instances die, a service is taken over.
#include <algorithm>
#include <utility>

#include "sim/world.h"

namespace shadowd::sim {
namespace {

constexpr Micros kSoon = std::chrono::milliseconds(20);

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

void World::Restart() {
  ++life_;
  timer_.reset();
  observed_.clear();
  feeds_.Silence();
  core_ = NewCore();
  for (const auto& [id, kept] : std::map<model::ServiceId, Kept>(kept_)) {
    if (!kept.service) {
      continue;
    }
    ports::Restored restored = kept.Restore();
    std::vector<model::ReplicaId> known;
    for (const model::Instance& instance : restored.instances) {
      known.push_back(instance.id);
    }
    for (const model::Shadow& shadow : restored.shadows) {
      known.push_back(shadow.id);
    }
    Step({id, std::move(restored), 0, "restart"});
    for (const model::ReplicaId& replica : known) {
      After(kSoon, id, ports::ReplicaFound{replica, host_.Runs(replica)});
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
    Bring(instance.id, spec.id, model::Role::kInstance, spec.version);
    host_.Join(instance.id, now_);
    kept.instances[instance.id] = std::move(instance);
  }
  Restart();
}

}  // namespace shadowd::sim
