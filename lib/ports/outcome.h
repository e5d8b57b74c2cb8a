// The result of one step: durable changes, then actions and replies.
#pragma once

#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/status.h"
#include "model/decision.h"
#include "model/forecast.h"
#include "model/intent.h"
#include "model/learnt.h"
#include "model/ledger.h"
#include "model/replica.h"
#include "model/service.h"
#include "model/trial.h"
#include "ports/action.h"
#include "ports/event.h"

namespace shadowd::ports {

// Upserts of whole resources; the store writes them in one transaction per step. A Forecast is published to
// watchers and kept in memory only: it is made anew at every step.
struct ServiceRemoved {
  model::ServiceId id;
};
struct FrozenSet {
  bool frozen = false;
  std::string reason;
};
struct DemandRecorded {  // telemetry.db
  WallTime at;
  double rps = 0;
};
struct SequenceSet {  // the next number for ids of this service
  int next = 1;
};

using Change = std::variant<model::Service, ServiceRemoved, model::Instance, model::Shadow, model::Trial,
                            model::Decision, model::ModelVersion, model::LedgerEntry, model::Intent,
                            model::AuditEntry, model::Forecast, DemandRecorded, FrozenSet, SequenceSet>;

struct Mutation {
  model::ServiceId service;
  Change change;
};

// An answer to a caller. The value is the resource the call is about.
using ReplyValue = std::variant<std::monostate, model::Service, model::Decision, model::Trial, model::Shadow,
                                model::ModelVersion>;
struct Reply {
  ReplyToken token = 0;
  StatusOr<ReplyValue> value;
};

struct Outcome {
  std::vector<Mutation> mutations;
  std::vector<Action> actions;
  std::vector<Reply> replies;
};

}  // namespace shadowd::ports
