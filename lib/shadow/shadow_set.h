// The shadows of one trial, each with its life cycle STARTING -> READY -> STOPPING -> STOPPED (FAILED from
// any of them). It asks the provider to start and stop them, remembers who is where, and ends those past
// their ttl or idle. Owned by TrialRun; pure.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "base/status.h"
#include "base/time.h"
#include "model/replica.h"
#include "model/service.h"
#include "ports/event.h"
#include "ports/outbox.h"
#include "shadow/intent_book.h"

namespace shadowd::shadow {

// One row of the life cycle: what an input does to a shadow in a state. kNone = nothing happens to it.
enum class ShadowInput { kStarted, kReady, kFailed, kStopAsked, kStopped };
enum class ShadowMove { kNone, kRecordProcess, kToReady, kToFailed, kToStopping, kToStopped };
ShadowMove MoveOf(model::ReplicaState state, ShadowInput input);

class ShadowSet {
 public:
  explicit ShadowSet(model::ServiceSpec spec) : spec_(std::move(spec)) {}

  void Start(const model::TrialId& trial, int arm, const model::ReplicaId& id, const std::string& version,
             IntentBook& intents, Now now, ports::Outbox& out);
  void Stop(const model::ReplicaId& id, IntentBook& intents, Now now, ports::Outbox& out);
  void StopAll(IntentBook& intents, Now now, ports::Outbox& out);

  // Results of effects; false when the replica is not one of these.
  bool OnStarted(const ports::ReplicaStarted& event, IntentBook& intents, Now now, ports::Outbox& out);
  bool OnReady(const ports::ReplicaReady& event, IntentBook& intents, Now now, ports::Outbox& out);
  bool OnFailed(const ports::ReplicaFailed& event, IntentBook& intents, Now now, ports::Outbox& out);
  bool OnStopped(const ports::ReplicaStopped& event, IntentBook& intents, Now now, ports::Outbox& out);

  void NoteRequests(const model::ReplicaId& id, uint64_t requests, Now now);
  // Ends what is past its ttl, or was ready and idle for longer than allowed; asks again where a stop got
  // lost.
  void EndOverdue(IntentBook& intents, Now now, ports::Outbox& out);

  const model::Shadow* Find(const model::ReplicaId& id) const;
  int CountIn(model::ReplicaState state) const;
  bool AllGone() const;     // STOPPED or FAILED, every one
  bool AllArrived() const;  // none is STARTING
  std::vector<const model::Shadow*> ReadyOf(int arm) const;
  double SecondsSoFar(Now now) const;  // of shadow running time, for the bill
  double SecondsOfGone() const;        // of it, by those that are STOPPED or FAILED
  size_t size() const { return shadows_.size(); }

 private:
  struct Entry {
    model::Shadow shadow;
    MonoTime last_used;
    MonoTime expires;
    MonoTime started;
    MonoTime stop_asked{};
    std::optional<MonoTime> ended;
  };
  void AskToStop(Entry& entry, IntentBook& intents, Now now, ports::Outbox& out);
  void Move(Entry& entry, ShadowInput input, IntentBook& intents, Now now, ports::Outbox& out);
  Entry* Mutable(const model::ReplicaId& id);

  model::ServiceSpec spec_;
  std::map<model::ReplicaId, Entry> shadows_;
};

}  // namespace shadowd::shadow
