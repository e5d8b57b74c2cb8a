#include "store/state_writer.h"

#include "store/body.h"

namespace shadowd::store {
namespace {

bool ReplicaEnded(model::ReplicaState state) {
  return state == model::ReplicaState::kStopped || state == model::ReplicaState::kFailed;
}

// An open decision is one that the core still has to do something about.
bool DecisionEnded(model::DecisionState state) {
  return state != model::DecisionState::kTesting && state != model::DecisionState::kAdvised &&
         state != model::DecisionState::kApplying;
}

const model::IntentKey& IdOf(const model::Intent& intent) {
  return intent.key;
}
template <typename T>
const auto& IdOf(const T& resource) {
  return resource.id;
}

Status RequireId(const char* field, const std::string& value) {
  return value.empty() ? WithField(InvalidArgument("{}: is empty", field), field) : absl::OkStatus();
}

// The removal of a service takes everything of it but the audit, which tells who removed it.
constexpr const char* kRemovals[] = {
    "DELETE FROM services WHERE id = ?",       "DELETE FROM instances WHERE service = ?",
    "DELETE FROM shadows WHERE service = ?",   "DELETE FROM trials WHERE service = ?",
    "DELETE FROM decisions WHERE service = ?", "DELETE FROM models WHERE service = ?",
    "DELETE FROM ledger WHERE service = ?",    "DELETE FROM intents WHERE service = ?",
    "DELETE FROM sequences WHERE service = ?",
};

class Applier {
 public:
  Applier(Database& state, const model::ServiceId& service, int64_t revision)
      : state_(state), service_(service), revision_(revision) {}

  Status operator()(const model::Service& service) {
    SHADOWD_RETURN_IF_ERROR(RequireId("service.id", service.spec.id.str()));
    SHADOWD_ASSIGN_OR_RETURN(const std::string body, Encode(service));
    return state_.Run("REPLACE INTO services (id, create_time_us, revision, body) VALUES (?, ?, ?, ?)",
                      service.spec.id.str(), ToMicros(service.create_time), revision_, Blob{body});
  }

  Status operator()(const ports::ServiceRemoved& removed) {
    for (const char* removal : kRemovals) {
      SHADOWD_RETURN_IF_ERROR(state_.Run(removal, removed.id.str()));
    }
    return absl::OkStatus();
  }

  Status operator()(const model::Instance& instance) {
    return Put(
        "REPLACE INTO instances (id, service, state, ended, create_time_us, revision, body) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        instance, "instance.id", model::ReplicaStateName(instance.state), ReplicaEnded(instance.state));
  }

  Status operator()(const model::Shadow& shadow) {
    return Put(
        "REPLACE INTO shadows (id, service, state, ended, create_time_us, revision, body) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        shadow, "shadow.id", model::ReplicaStateName(shadow.state), ReplicaEnded(shadow.state));
  }

  Status operator()(const model::Trial& trial) {
    return Put(
        "REPLACE INTO trials (id, service, state, ended, create_time_us, revision, body) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        trial, "trial.id", model::TrialStateName(trial.state), model::TrialEnded(trial.state));
  }

  Status operator()(const model::Decision& decision) {
    return Put(
        "REPLACE INTO decisions (id, service, state, ended, create_time_us, revision, body) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        decision, "decision.id", model::DecisionStateName(decision.state), DecisionEnded(decision.state));
  }

  Status operator()(const model::ModelVersion& version) {
    SHADOWD_RETURN_IF_ERROR(RequireId("model.service", version.service.str()));
    SHADOWD_ASSIGN_OR_RETURN(const std::string body, Encode(version));
    return state_.Run(
        "REPLACE INTO models (service, number, create_time_us, revision, body) VALUES (?, ?, ?, ?, ?)",
        version.service.str(), version.number, ToMicros(version.create_time), revision_, Blob{body});
  }

  Status operator()(const model::LedgerEntry& entry) {
    SHADOWD_RETURN_IF_ERROR(RequireId("ledger.service", entry.service.str()));
    SHADOWD_RETURN_IF_ERROR(RequireId("ledger.decision", entry.decision.str()));
    SHADOWD_ASSIGN_OR_RETURN(const std::string body, Encode(entry));
    return state_.Run(
        "REPLACE INTO ledger (service, decision, create_time_us, revision, body) VALUES (?, ?, ?, ?, ?)",
        entry.service.str(), entry.decision.str(), ToMicros(entry.at), revision_, Blob{body});
  }

  Status operator()(const model::Intent& intent) {
    return Put(
        "REPLACE INTO intents (id, service, state, ended, create_time_us, revision, body) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        intent, "intent.key", model::IntentStateName(intent.state),
        intent.state != model::IntentState::kPending);
  }

  Status operator()(const model::AuditEntry& entry) {
    return state_.Run(
        "INSERT INTO audit (at_us, actor, method, resource, detail, revision) VALUES (?, ?, ?, ?, ?, ?)",
        ToMicros(entry.at), entry.actor, entry.method, entry.resource, entry.detail, revision_);
  }

  Status operator()(const ports::FrozenSet& frozen) {
    return state_.Run("UPDATE meta SET frozen = ?, frozen_reason = ?", frozen.frozen, frozen.reason);
  }

  Status operator()(const ports::SequenceSet& sequence) {
    SHADOWD_RETURN_IF_ERROR(RequireId("sequence.service", service_.str()));
    return state_.Run("REPLACE INTO sequences (service, next) VALUES (?, ?)", service_.str(), sequence.next);
  }

  Status operator()(const model::Forecast&) { return absl::OkStatus(); }
  Status operator()(const ports::DemandRecorded&) { return absl::OkStatus(); }

 private:
  template <typename T>
  Status Put(std::string_view sql, const T& resource, const char* id_field, const char* state, bool ended) {
    const std::string& id = IdOf(resource).str();
    SHADOWD_RETURN_IF_ERROR(RequireId(id_field, id));
    SHADOWD_RETURN_IF_ERROR(Annotate(RequireId("service", resource.service.str()), id));
    SHADOWD_ASSIGN_OR_RETURN(const std::string body, Encode(resource));
    return state_.Run(sql, id, resource.service.str(), state, ended, ToMicros(resource.create_time),
                      revision_, Blob{body});
  }

  Database& state_;
  const model::ServiceId& service_;
  int64_t revision_;
};

}  // namespace

bool GoesToState(const ports::Change& change) {
  return !std::holds_alternative<ports::DemandRecorded>(change) &&
         !std::holds_alternative<model::Forecast>(change);
}

Status ApplyToState(Database& state, const ports::Mutation& mutation, int64_t revision) {
  return std::visit(Applier(state, mutation.service, revision), mutation.change);
}

}  // namespace shadowd::store
