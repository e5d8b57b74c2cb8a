#include "daemon/rpc/catalogue.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "rpc/convert_decision.h"
#include "rpc/convert_forecast.h"
#include "rpc/convert_ledger.h"
#include "rpc/convert_model.h"
#include "rpc/convert_replica.h"
#include "rpc/convert_service.h"
#include "rpc/convert_trial.h"
#include "rpc/resource_name.h"

namespace shadowd::daemon {
namespace {

std::string ServiceName(const model::ServiceId& id) {
  return "services/" + id.str();
}

bool Ended(model::ReplicaState state) {
  return state == model::ReplicaState::kStopped || state == model::ReplicaState::kFailed;
}

bool Ended(model::DecisionState state) {
  return state != model::DecisionState::kTesting && state != model::DecisionState::kAdvised &&
         state != model::DecisionState::kApplying;
}

ResourceTable::Facts FactsOf(const model::Instance& instance) {
  return {ServiceName(instance.service), model::ReplicaStateName(instance.state), Ended(instance.state)};
}
ResourceTable::Facts FactsOf(const model::Shadow& shadow) {
  return {ServiceName(shadow.service), model::ReplicaStateName(shadow.state), Ended(shadow.state)};
}
ResourceTable::Facts FactsOf(const model::Trial& trial) {
  return {ServiceName(trial.service), model::TrialStateName(trial.state), model::TrialEnded(trial.state)};
}
ResourceTable::Facts FactsOf(const model::Decision& decision) {
  return {ServiceName(decision.service), model::DecisionKindName(decision.kind), Ended(decision.state)};
}
// Versions of a model never change again, entries of the ledger once, when the outcome is known.
ResourceTable::Facts FactsOf(const model::ModelVersion& version) {
  return {ServiceName(version.service), "", true};
}
ResourceTable::Facts FactsOf(const model::LedgerEntry& entry) {
  return {ServiceName(entry.service), "", true};
}
ResourceTable::Facts FactsOf(const model::Forecast& forecast) {
  return {ServiceName(forecast.service), "", false};
}

bool NewestFirst(Noun noun) {
  return noun == Noun::kTrial || noun == Noun::kDecision || noun == Noun::kModel;
}

template <class... Ts>
struct Overloaded : Ts... {
  using Ts::operator()...;
};
template <class... Ts>
Overloaded(Ts...) -> Overloaded<Ts...>;

}  // namespace

const char* NounName(Noun noun) {
  switch (noun) {
    case Noun::kService:
      return "service";
    case Noun::kInstance:
      return "instance";
    case Noun::kForecast:
      return "forecast";
    case Noun::kTrial:
      return "trial";
    case Noun::kShadow:
      return "shadow";
    case Noun::kDecision:
      return "decision";
    case Noun::kModel:
      return "model";
    case Noun::kCost:
      return "cost";
  }
  return "";
}

Catalogue::Catalogue(Options options)
    : tables_(kAllNouns.size(), ResourceTable({options.watch_history, options.retained_per_service})) {}

int64_t Catalogue::NextRevision(WallTime now) const {
  return std::max(revision_ + 1, ToMicros(now));
}

template <typename T>
void Catalogue::PutChange(int64_t revision, Noun noun, const T& value) {
  auto message = rpc::ToProto(value);
  const std::string name = message.name();
  table(noun).Put(revision, name, std::make_shared<decltype(message)>(std::move(message)), FactsOf(value));
  Wake(noun);
}

void Catalogue::Apply(int64_t revision, const ports::Mutation& mutation) {
  SHADOWD_CHECK(revision > revision_);
  revision_ = revision;
  const auto hidden = [](const auto&) {};  // what the API does not show
  std::visit(Overloaded{
                 [&](const model::Service& service) { PutService(revision, rpc::ToProto(service)); },
                 [&](const ports::ServiceRemoved& removed) { RemoveService(revision, removed.id); },
                 [&](const model::Instance& instance) {
                   PutChange(revision, Noun::kInstance, instance);
                   CountInstances(revision, ServiceName(instance.service));
                 },
                 [&](const model::Shadow& shadow) { PutChange(revision, Noun::kShadow, shadow); },
                 [&](const model::Trial& trial) { PutChange(revision, Noun::kTrial, trial); },
                 [&](const model::Decision& decision) { PutChange(revision, Noun::kDecision, decision); },
                 [&](const model::ModelVersion& version) { PutChange(revision, Noun::kModel, version); },
                 [&](const model::LedgerEntry& entry) { PutChange(revision, Noun::kCost, entry); },
                 [&](const model::Forecast& forecast) { PutChange(revision, Noun::kForecast, forecast); },
                 [&](const ports::FrozenSet& set) {
                   frozen_ = set.frozen;
                   frozen_reason_ = set.reason;
                 },
                 [&](const model::Intent& intent) { hidden(intent); },
                 [&](const model::AuditEntry& entry) { hidden(entry); },
                 [&](const ports::DemandRecorded& demand) { hidden(demand); },
                 [&](const ports::SequenceSet& sequence) { hidden(sequence); },
             },
             mutation.change);
}

void Catalogue::PutService(int64_t revision, v1::Service service) {
  const std::string name = service.name();
  service.set_instances(static_cast<int32_t>(live(Noun::kInstance, name)));
  table(Noun::kService).Put(revision, name, std::make_shared<v1::Service>(std::move(service)), {});
  Wake(Noun::kService);
}

// A service shows how many instances it has, so it changes with them.
void Catalogue::CountInstances(int64_t revision, const std::string& name) {
  const Resource resource = Get(Noun::kService, name);
  if (resource == nullptr) {
    return;
  }
  const auto& service = static_cast<const v1::Service&>(*resource);
  if (service.instances() != live(Noun::kInstance, name)) {
    PutService(revision, service);
  }
}

void Catalogue::RemoveService(int64_t revision, const model::ServiceId& service) {
  const std::string name = ServiceName(service);
  for (const Noun noun : kAllNouns) {
    if (noun == Noun::kService) {
      table(noun).Remove(revision, name);
    } else {
      table(noun).RemoveBelow(revision, name);
    }
    Wake(noun);
  }
}

void Catalogue::StartHistory() {
  for (ResourceTable& entry : tables_) {
    entry.Compact(revision_);
  }
}

std::vector<Resource> Catalogue::List(Noun noun, const ParentFilter& filter, const std::string& after,
                                      size_t max) const {
  return table(noun).List(filter, NewestFirst(noun) ? ListOrder::kNewestFirst : ListOrder::kByName, after,
                          max);
}

int64_t Catalogue::compaction_revision() const {
  int64_t floor = 0;
  for (const ResourceTable& entry : tables_) {
    floor = std::max(floor, entry.floor());
  }
  return floor;
}

int64_t Catalogue::live(Noun noun) const {
  return table(noun).live_total();
}

Catalogue::WatchId Catalogue::Watch(Noun noun, std::function<void()> wake) {
  watchers_.emplace(next_watch_, Watcher{noun, std::move(wake)});
  return next_watch_++;
}

void Catalogue::Unwatch(WatchId id) {
  watchers_.erase(id);
}

void Catalogue::Wake(Noun noun) {
  for (const auto& [id, watcher] : watchers_) {
    if (watcher.noun == noun) {
      watcher.wake();
    }
  }
}

}  // namespace shadowd::daemon
