#include "sim/kept.h"

#include <algorithm>
#include <type_traits>
#include <variant>

namespace shadowd::sim {
namespace {

constexpr size_t kModelsMax = 8;

template <typename T>
bool Alive(const T& replica) {
  return replica.state != model::ReplicaState::kStopped && replica.state != model::ReplicaState::kFailed;
}

}  // namespace

void Kept::Put(const ports::Change& change) {
  std::visit(
      [this](const auto& value) {
        using T = std::decay_t<decltype(value)>;
        if constexpr (std::is_same_v<T, model::Service>) {
          service = value;
        } else if constexpr (std::is_same_v<T, ports::ServiceRemoved>) {
          *this = Kept();
        } else if constexpr (std::is_same_v<T, model::Instance>) {
          instances[value.id] = value;
        } else if constexpr (std::is_same_v<T, model::Shadow>) {
          shadows[value.id] = value;
        } else if constexpr (std::is_same_v<T, model::Trial>) {
          trials[value.id] = value;
        } else if constexpr (std::is_same_v<T, model::Decision>) {
          decisions[value.id] = value;
        } else if constexpr (std::is_same_v<T, model::Intent>) {
          intents[value.key] = value;
        } else if constexpr (std::is_same_v<T, model::ModelVersion>) {
          models.push_back(value);
          if (models.size() > kModelsMax) {
            models.erase(models.begin());
          }
        } else if constexpr (std::is_same_v<T, model::LedgerEntry>) {
          const auto same = std::find_if(ledger.begin(), ledger.end(), [&](const model::LedgerEntry& entry) {
            return entry.decision == value.decision;
          });
          same != ledger.end() ? * same = value : ledger.emplace_back(value);
        } else if constexpr (std::is_same_v<T, model::Forecast>) {
          forecast = value;
        } else if constexpr (std::is_same_v<T, ports::DemandRecorded>) {
          demand_rps.emplace_back(value.at, value.rps);
        } else if constexpr (std::is_same_v<T, ports::SequenceSet>) {
          next_sequence = value.next;
        }
      },
      change);
}

ports::Restored Kept::Restore() const {
  ports::Restored restored;
  restored.service = service.value_or(model::Service());
  restored.next_sequence = next_sequence;
  restored.models = models;
  restored.demand_rps = demand_rps;
  for (const auto& [id, instance] : instances) {
    if (Alive(instance)) {
      restored.instances.push_back(instance);
    }
  }
  for (const auto& [id, shadow] : shadows) {
    if (Alive(shadow)) {
      restored.shadows.push_back(shadow);
    }
  }
  for (const auto& [id, trial] : trials) {
    if (!model::TrialEnded(trial.state)) {
      restored.open_trials.push_back(trial);
    }
  }
  for (const auto& [id, decision] : decisions) {
    if (decision.state == model::DecisionState::kTesting ||
        decision.state == model::DecisionState::kApplying ||
        decision.state == model::DecisionState::kAdvised) {
      restored.open_decisions.push_back(decision);
    }
  }
  for (const auto& [key, intent] : intents) {
    if (intent.state == model::IntentState::kPending) {
      restored.pending_intents.push_back(intent);
    }
  }
  return restored;
}

}  // namespace shadowd::sim
