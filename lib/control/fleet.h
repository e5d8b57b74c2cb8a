// Production's instances, where shadowd runs them: brings their number and version to what was let through
// the gate. An instance goes STARTING -> READY -> SERVING (in the balancer) -> DRAINING -> STOPPING ->
// STOPPED; a new version rolls one new, one drained at a time; failures back off; a server that the balancer
// lost is added again. Owned by ServiceMachine; pure.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "base/time.h"
#include "model/replica.h"
#include "model/service.h"
#include "ports/event.h"
#include "ports/outbox.h"
#include "shadow/intent_book.h"

namespace shadowd::control {

// What production should look like.
struct FleetPlan {
  int target = 0;
  std::string version;        // identity
  std::string version_label;  // {version} in templates
  model::InstanceTemplate instance;
  model::HaproxySpec haproxy;
  bool operator==(const FleetPlan&) const = default;
};

enum class InstanceInput {
  kStarted,
  kReady,
  kAdded,
  kAddFailed,
  kDrainAsked,
  kDrained,
  kRemoved,
  kStopAsked,
  kStopped,
  kFailed
};
enum class InstanceMove {
  kNone,
  kRecordProcess,
  kToReady,
  kToServing,
  kRetryAdd,
  kToDraining,
  kRemoveServer,
  kToStopping,
  kToStopped,
  kToFailed
};
InstanceMove MoveOf(model::ReplicaState state, InstanceInput input);

class Fleet {
 public:
  void Restore(const std::vector<model::Instance>& instances);
  void SetPlan(FleetPlan plan);
  const FleetPlan& plan() const { return plan_; }

  // Starts, drains and stops towards the plan; safe to call at any time.
  void Reconcile(shadow::IntentBook& intents, Now now, ports::Outbox& out);

  bool OnStarted(const ports::ReplicaStarted& event, shadow::IntentBook& intents, Now now,
                 ports::Outbox& out);
  bool OnReady(const ports::ReplicaReady& event, shadow::IntentBook& intents, Now now, ports::Outbox& out);
  bool OnFailed(const ports::ReplicaFailed& event, shadow::IntentBook& intents, Now now, ports::Outbox& out);
  bool OnStopped(const ports::ReplicaStopped& event, shadow::IntentBook& intents, Now now,
                 ports::Outbox& out);
  bool OnServerChanged(const ports::ServerChanged& event, shadow::IntentBook& intents, Now now,
                       ports::Outbox& out);
  // After a restart: resumes each instance's way from where its world is.
  bool OnFound(const ports::ReplicaFound& event, shadow::IntentBook& intents, Now now, ports::Outbox& out);
  // The balancer's server names: those of ours that are missing are added again.
  void OnServerNames(const std::vector<std::string>& names, shadow::IntentBook& intents, Now now,
                     ports::Outbox& out);

  int Serving() const;
  bool empty() const { return instances_.empty(); }
  bool Converged() const;
  // Three failures in a row: the plan cannot be reached now; why.
  std::optional<std::string> Stuck() const;
  // Measured start-up times since the last call, from start to ready.
  std::vector<double> TakeStartSeconds();
  std::optional<MonoTime> NextRetry() const;

 private:
  struct Entry {
    model::Instance instance;
    model::InstanceTemplate how;
    MonoTime started;
    int add_attempts = 0;
    bool adding = false;  // an AddServer is on its way
    MonoTime stop_asked{};
    bool found = true;  // false: restored and not yet looked for
  };
  Entry* Mutable(const model::ReplicaId& id);
  void AskToStop(Entry& entry, shadow::IntentBook& intents, Now now, ports::Outbox& out);
  void AskAgain(shadow::IntentBook& intents, Now now, ports::Outbox& out);
  void StartOne(shadow::IntentBook& intents, Now now, ports::Outbox& out);
  void Move(Entry& entry, InstanceInput input, shadow::IntentBook& intents, Now now, ports::Outbox& out);
  void Perform(Entry& entry, InstanceMove move, shadow::IntentBook& intents, Now now, ports::Outbox& out);
  void Add(Entry& entry, shadow::IntentBook& intents, Now now, ports::Outbox& out);
  void Retire(int count, bool old_only, shadow::IntentBook& intents, Now now, ports::Outbox& out);
  void NoteFailure(const Status& error, Now now);
  void Sweep();
  int Count(model::ReplicaState state) const;
  int Live() const;      // STARTING, READY or SERVING
  int LiveOld() const;   // of them, not of the plan's version
  int InFlight() const;  // STARTING or READY

  FleetPlan plan_;
  std::map<model::ReplicaId, Entry> instances_;
  std::vector<double> start_seconds_;
  int failures_ = 0;
  std::string last_error_;
  std::optional<MonoTime> retry_at_;
};

}  // namespace shadowd::control
