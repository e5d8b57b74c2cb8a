// What must hold of the control core whatever befalls it, each rule with a name. It watches a World from
// outside: steps, durable changes, effects and answers as they happen, and the whole every few seconds and
// once things are quiet. What is broken is kept with its time; no more than a few are. Owned by whoever
// plays; single-threaded.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/time.h"
#include "ports/event.h"
#include "ports/outcome.h"
#include "sim/world.h"

namespace shadowd::sim {

struct Violation {
  MonoTime at;
  std::string rule;  // "one-open-trial" ...
  std::string what;
};

class Invariants {
 public:
  explicit Invariants(const model::ServiceId& service) : service_(service) {}

  void Watch(const World& world) { world_ = &world; }
  void OnStep(const ports::Event& event, Now now, const ports::Outcome& outcome);
  void OnChange(const ports::Mutation& mutation);
  void OnEffect(const ports::Action& action);
  void OnReply(ports::ReplyToken token);
  void OnRecall(const Recalled& recalled);          // after a restart
  void Report(const char* rule, std::string what);  // what the player of the day found itself
  void LookAround();                                // every few seconds
  void AtRest();                                    // after a long quiet time

  const std::vector<Violation>& violations() const { return violations_; }

 private:
  struct Watched {  // a trial
    MonoTime began;
    MonoTime ended = MonoTime::max();
    bool crashed = false;  // the daemon died before it was billed
    bool billed = false;
  };

  void Note(const model::Service& service);
  void Note(const model::Intent& intent);
  void Note(const model::Trial& trial);
  void Note(const model::LedgerEntry& entry);
  void Note(const ports::SequenceSet& sequence);
  void CheckStart(const ports::StartReplica& start);
  void CheckTakenAway(const model::ReplicaId& instance);
  void CheckKey(const model::IntentKey& key);
  void CheckShadows();
  void CheckIntents();
  void CheckBounds();
  void CheckBills();
  void CheckMachine();
  const Kept& kept() const { return world_->kept(service_); }
  MonoTime now() const { return world_->now().mono; }

  model::ServiceId service_;
  const World* world_ = nullptr;
  std::vector<Violation> violations_;
  uint64_t life_ = 0;
  MonoTime revived_{};
  std::set<ports::ReplyToken> waiting_;   // callers
  std::set<ports::ReplyToken> deferred_;  // of them those whom the core has yet to answer
  std::set<model::IntentKey> executed_;
  std::set<model::IntentKey> opened_;
  struct Pending {
    model::Intent intent;
    std::optional<MonoTime> over;  // since its replica was seen to be over
  };
  std::map<model::IntentKey, Pending> pending_;
  std::map<model::TrialId, Watched> trials_;
  struct Bill {
    double shadow_seconds = 0;
    bool closed = false;  // the outcome is known
  };
  std::map<model::DecisionId, Bill> billed_;
  int next_number_ = 0;
  int target_ = 0;
  std::string rollout_;
  MonoTime bounds_broken_ = MonoTime::max();
};

}  // namespace shadowd::sim
