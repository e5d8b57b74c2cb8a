#include "sim/replica_host.h"

#include <algorithm>
#include <utility>

namespace shadowd::sim {

void ReplicaHost::Stop(const model::ReplicaId& id, MonoTime at) {
  Leave(id, at);
  const auto found = replicas_.find(id);
  if (found == replicas_.end()) {
    return;
  }
  const Replica& replica = found->second;
  if (replica.role == model::Role::kInstance) {
    open_[replica.service].paid += at - std::max(replica.started, window_start_[replica.service]);
  }
  replicas_.erase(found);
}

bool ReplicaHost::Join(const model::ReplicaId& id, MonoTime at) {
  const auto found = replicas_.find(id);
  if (found != replicas_.end() && !found->second.in_balancer) {
    found->second.in_balancer = true;
    found->second.joined = at;
  }
  return found != replicas_.end();
}

void ReplicaHost::Leave(const model::ReplicaId& id, MonoTime at) {
  const auto found = replicas_.find(id);
  if (found == replicas_.end() || !found->second.in_balancer) {
    return;
  }
  Replica& replica = found->second;
  replica.in_balancer = false;
  auto& [version, served] = open_[replica.service].served[id];
  version = replica.version;
  served += at - std::max(replica.joined, window_start_[replica.service]);
}

int ReplicaHost::Count(model::Role role) const {
  return static_cast<int>(std::count_if(replicas_.begin(), replicas_.end(),
                                        [role](const auto& item) { return item.second.role == role; }));
}

int ReplicaHost::InBalancer(const model::ServiceId& service) const {
  return static_cast<int>(std::count_if(replicas_.begin(), replicas_.end(), [&service](const auto& item) {
    return item.second.service == service && item.second.in_balancer;
  }));
}

std::vector<model::ReplicaId> ReplicaHost::Instances(const model::ServiceId& service) const {
  std::vector<model::ReplicaId> ids;
  for (const auto& [id, replica] : replicas_) {
    if (replica.role == model::Role::kInstance && replica.service == service) {
      ids.push_back(id);
    }
  }
  return ids;
}

ReplicaHost::Account ReplicaHost::CloseWindow(const model::ServiceId& service, MonoTime from, MonoTime to) {
  Open open = std::move(open_[service]);
  for (const auto& [id, replica] : replicas_) {
    if (replica.role != model::Role::kInstance || replica.service != service) {
      continue;
    }
    open.paid += to - std::max(replica.started, from);
    if (replica.in_balancer) {
      auto& [version, served] = open.served[id];
      version = replica.version;
      served += to - std::max(replica.joined, from);
    }
  }
  open_[service] = Open();
  window_start_[service] = to;
  const double length = ToSeconds(to - from);
  Account account;
  account.paid = ToSeconds(open.paid) / length;
  for (auto& [id, served] : open.served) {
    const auto found = replicas_.find(id);
    const bool still = found != replicas_.end() && found->second.in_balancer;
    account.turns.push_back({id, std::move(served.first), ToSeconds(served.second) / length, still});
  }
  return account;
}

}  // namespace shadowd::sim
