#include "sim/production.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "sim/arrivals.h"

namespace shadowd::sim {

RequestProduction::RequestProduction(std::function<double(double seconds)> demand_rps,
                                     std::map<std::string, PlantOptions> versions, Rng rng)
    : demand_rps_(std::move(demand_rps)), versions_(std::move(versions)), rng_(rng) {}

ports::ProductionWindow RequestProduction::Serve(const model::ServiceId& service, MonoTime from, MonoTime to,
                                                 WallTime label, const ReplicaHost::Account& account) {
  std::map<model::ReplicaId, Plant>& known_plants = plants_[service];
  std::map<model::ReplicaId, Plant> plants;  // those that left take their queues with them
  std::vector<std::pair<model::ReplicaId, Plant*>> serving;
  for (const Turn& turn : account.turns) {
    if (!turn.still) {
      continue;
    }
    auto known = known_plants.extract(turn.id);
    if (known.empty()) {
      Plant plant(versions_.at(turn.version), rng_.Fork());
      plant.Collect(from, label);
      serving.emplace_back(turn.id, &plants.emplace(turn.id, std::move(plant)).first->second);
    } else {
      serving.emplace_back(turn.id, &plants.insert(std::move(known)).position->second);
    }
  }
  known_plants = std::move(plants);

  uint64_t refused = 0;
  Arrivals users(std::max(1e-3, demand_rps_(ToSeconds(from.time_since_epoch()))), from, rng_.Fork());
  while (users.Peek() < to) {
    const MonoTime at = users.Take();
    if (serving.empty()) {
      ++refused;
    } else {
      serving[rng_.Below(serving.size())].second->Offer(at);
    }
  }
  ports::ProductionWindow window;
  window.service.start = label;
  window.service.length = to - from;
  window.service.offered = window.service.completed = window.service.errors = refused;
  for (const auto& [id, plant] : serving) {
    model::KpiWindow own = plant->Collect(to, label);
    window.service.offered += own.offered;
    window.service.completed += own.completed;
    window.service.errors += own.errors;
    window.service.latency_us.insert(window.service.latency_us.end(), own.latency_us.begin(),
                                     own.latency_us.end());
    window.instances.push_back({id, std::move(own)});
  }
  return window;
}

}  // namespace shadowd::sim
