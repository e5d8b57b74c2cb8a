// What must be so once nothing went wrong for a long while: nobody waits, nothing is open, the books agree.
#include <fmt/format.h>

#include <cmath>

#include "sim/invariants.h"

namespace shadowd::sim {

using model::IntentState;
using model::ReplicaState;

namespace {

constexpr double kBillSlack = 10;  // seconds a shadow

bool Alive(ReplicaState state) {
  return state != ReplicaState::kStopped && state != ReplicaState::kFailed;
}

}  // namespace

void Invariants::AtRest() {
  LookAround();
  if (!waiting_.empty()) {
    Report("one-answer", fmt::format("{} callers still wait", waiting_.size()));
  }
  for (const auto& [key, intent] : kept().intents) {
    if (intent.state == IntentState::kPending) {
      Report("intent-ends", fmt::format("{} is pending", key));
    }
  }
  for (const auto& [id, shadow] : kept().shadows) {
    if (Alive(shadow.state)) {
      Report("shadow-ends", fmt::format("{} is {}", id, model::ReplicaStateName(shadow.state)));
    }
  }
  if (world_->shadows_alive() > 0) {
    Report("shadow-ends", fmt::format("{} run", world_->shadows_alive()));
  }
  for (const auto& [id, decision] : kept().decisions) {
    if (decision.state == model::DecisionState::kTesting ||
        decision.state == model::DecisionState::kApplying) {
      Report("decision-ends", fmt::format("{} is {}", id, model::DecisionStateName(decision.state)));
    }
  }
  CheckBills();
  CheckMachine();
}

void Invariants::CheckBills() {
  double entered = 0, billed = 0;
  for (const model::LedgerEntry& entry : kept().ledger) {
    entered += entry.shadow_seconds;
  }
  for (const auto& [id, trial] : kept().trials) {
    const Watched& watched = trials_.at(id);
    billed += watched.billed ? trial.shadow_seconds : 0;
    double seen = 0;
    int shadows = 0;
    for (const model::Arm& arm : trial.arms) {
      for (const model::ReplicaId& shadow : arm.shadows) {
        const auto ran = world_->shadow_seconds().find(shadow);
        seen += ran == world_->shadow_seconds().end() ? 0 : ran->second;
        ++shadows;
      }
    }
    const bool cut_off = trial.note == control::kCutOff;
    if (watched.crashed && !watched.billed && !cut_off) {
      continue;  // the daemon died between its end and that of its shadows
    }
    const bool explained = watched.crashed || cut_off || watched.began <= world_->commits().last_trouble();
    // By the wall clock what a restart cut off is paid, and that may have jumped.
    if ((!cut_off && trial.shadow_seconds < seen - kBillSlack * shadows) ||
        (!explained && trial.shadow_seconds > seen + kBillSlack * shadows)) {
      Report("ledger-agrees", fmt::format("{}: billed {:.1f} shadow-seconds, {:.1f} were seen", id,
                                          trial.shadow_seconds, seen));
    }
    if (!watched.billed) {
      Report("ledger-agrees", fmt::format("{} is not in the ledger", id));
    }
  }
  if (std::abs(entered - billed) > 1) {
    Report("ledger-agrees", fmt::format("{:.1f} shadow-seconds entered, {:.1f} in trials", entered, billed));
  }
}

void Invariants::CheckMachine() {
  const control::ServiceMachine* machine = world_->core().Find(service_);
  if (machine == nullptr || world_->down()) {
    Report("stuck", "the service is not there");
    return;
  }
  if (machine->phase() != control::Phase::kIdle) {
    Report("stuck", fmt::format("phase {}", control::PhaseName(machine->phase())));
  }
  const model::Service& service = machine->service();
  const int serving = world_->replicas().InBalancer(service_);
  if (serving != service.target || world_->instances_alive() != service.target ||
      serving < service.spec.bounds.min || serving > service.spec.bounds.max) {
    Report("stuck", fmt::format("{} serve, {} run, the target is {}, bounds {} to {}", serving,
                                world_->instances_alive(), service.target, service.spec.bounds.min,
                                service.spec.bounds.max));
  }
  if (kept().service != service) {
    Report("store-agrees", "the machine's service differs from the durable one");
  }
}

}  // namespace shadowd::sim
