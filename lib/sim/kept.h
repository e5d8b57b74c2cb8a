// A double of the store: what the core made durable, newest value by id, and what a restart brings back from
// it. Owned by World; a plain value. Bounded where a long run would grow without use: of the model's
// versions only the newest are kept, as a store that prunes does.
#pragma once

#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "base/time.h"
#include "model/decision.h"
#include "model/forecast.h"
#include "model/intent.h"
#include "model/learnt.h"
#include "model/ledger.h"
#include "model/replica.h"
#include "model/service.h"
#include "model/trial.h"
#include "ports/event.h"
#include "ports/outcome.h"

namespace shadowd::sim {

struct Kept {
  std::optional<model::Service> service;
  std::map<model::ReplicaId, model::Instance> instances;
  std::map<model::ReplicaId, model::Shadow> shadows;
  std::map<model::TrialId, model::Trial> trials;
  std::map<model::DecisionId, model::Decision> decisions;
  std::map<model::IntentKey, model::Intent> intents;
  std::vector<model::ModelVersion> models;  // the newest
  std::vector<model::LedgerEntry> ledger;
  std::vector<std::pair<WallTime, double>> demand_rps;
  std::optional<model::Forecast> forecast;
  int next_sequence = 1;

  void Put(const ports::Change& change);
  ports::Restored Restore() const;
};

}  // namespace shadowd::sim
