#include "sim/window_production.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace shadowd::sim {

WindowProduction::WindowProduction(const Scene& scene, Trace demand, std::map<std::string, double> cost,
                                   LoadTable& table, Rng rng)
    : demand_(std::move(demand)),
      cost_(std::move(cost)),
      plant_options_(scene.plant),
      slo_(scene.spec.slo),
      plant_(scene.plant, scene.contention, table, rng) {}

// Those that served at least half of the window are in the plant while it is served. Before the window the
// plant takes those in and lets go of those that left early; after it, the rest.
void WindowProduction::Follow(const ReplicaHost::Account& account, bool before) {
  std::set<model::ReplicaId> wanted;
  for (const Turn& turn : account.turns) {
    if (before ? turn.share >= 0.5 : turn.still) {
      wanted.insert(turn.id);
    }
  }
  const auto left = static_cast<int>(
      std::count_if(inside_.begin(), inside_.end(), [&](const auto& id) { return !wanted.contains(id); }));
  const auto came = static_cast<int>(
      std::count_if(wanted.begin(), wanted.end(), [&](const auto& id) { return !inside_.contains(id); }));
  const int died = std::min(left, deaths_);
  deaths_ -= died;
  plant_.Kill(died);
  plant_.Drain(left - died);
  if (warm_) {
    plant_.AddWarm(came);
  } else {
    plant_.Add(came);
  }
  warm_ = warm_ && came == 0;
  inside_ = std::move(wanted);
}

void WindowProduction::Price(const ReplicaHost::Account& account) {
  double cost = 0, shares = 0;
  for (const Turn& turn : account.turns) {
    cost += turn.share * cost_.at(turn.version);
    shares += turn.share;
  }
  if (shares > 0) {
    const PlantOptions priced = Dearer(plant_options_, cost / shares);
    if (priced.service_ms != plant_.options().service_ms) {
      plant_.set_options(priced);
    }
  }
}

ports::ProductionWindow WindowProduction::Serve(const model::ServiceId& service, MonoTime from, MonoTime to,
                                                WallTime label, const ReplicaHost::Account& account) {
  (void)service;
  Price(account);
  Follow(account, true);
  const auto last = static_cast<int64_t>(demand_.demand_rps.size()) - 1;
  const int64_t at = std::clamp<int64_t>(from.time_since_epoch() / demand_.step, 0, last);
  const ServedWindow served = plant_.Serve(demand_.demand_rps[static_cast<size_t>(at)], to - from, label);
  Record(served, account, ToSeconds(to - from));
  Follow(account, false);

  ports::ProductionWindow window;
  window.service = served.service;
  for (const Turn& turn : account.turns) {
    if (turn.still) {
      window.instances.push_back({turn.id, served.instance});
      window.instances.back().window.latency_us.clear();  // the service's window has them
    }
  }
  return window;
}

void WindowProduction::Record(const ServedWindow& served, const ReplicaHost::Account& account,
                              double seconds) {
  double serving = 0;
  for (const Turn& turn : account.turns) {
    serving += turn.share;
  }
  PlayStep step;
  step.demand_rps = static_cast<double>(served.service.offered) / seconds;
  step.serving = static_cast<int>(std::lround(serving));
  step.paid = static_cast<int>(std::lround(account.paid));
  step.p_us = served.LatencyUs(slo_);
  step.over_share = served.OverShare(slo_.latency_limit);
  step.violation_share = served.OverSlo(slo_) ? 1 : 0;
  steps_.push_back(step);
}

}  // namespace shadowd::sim
