// The life of one trial: STARTING (its shadows come up) -> WARMING -> MEASURING -> ended. It feeds the arms,
// hands the windows to the analysis engine and says when there is nothing more to learn; the verdict's
// consequences are its owner's. A second round feeds the running shadows at other levels. Owned by
// ServiceMachine; pure.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "analysis/engine.h"
#include "base/time.h"
#include "capacity/curve.h"
#include "model/service.h"
#include "model/trial.h"
#include "ports/event.h"
#include "ports/outbox.h"
#include "shadow/intent_book.h"
#include "shadow/shadow_set.h"

namespace shadowd::shadow {

// Where no level of the first round holds there is one more; they share alpha.
inline constexpr int kRoundsMax = 2;

class TrialRun {
 public:
  struct Setup {
    model::Trial trial;       // id, service, trigger, arms with levels, roles, loads and predictions
    model::ServiceSpec spec;  // what the shadows run
    std::string version;      // identity of what they run
    std::map<std::string, double> tolerances;
    std::vector<model::CapacityPoint> history;  // what the curve was fitted from
    int production_instances = 1;
    uint64_t seed = 0;  // of the synthetic load
  };
  explicit TrialRun(Setup setup);

  void Start(IntentBook& intents, Now now, ports::Outbox& out);

  // True when the replica belongs to this trial.
  bool OnStarted(const ports::ReplicaStarted& event, IntentBook& intents, Now now, ports::Outbox& out);
  bool OnReady(const ports::ReplicaReady& event, IntentBook& intents, Now now, ports::Outbox& out);
  bool OnFailed(const ports::ReplicaFailed& event, IntentBook& intents, Now now, ports::Outbox& out);
  bool OnStopped(const ports::ReplicaStopped& event, IntentBook& intents, Now now, ports::Outbox& out);

  void AddShadowWindow(const ports::ShadowWindow& event, Now now);
  // Production beside the trial: the mean instance's window, and the whole service's demand now.
  void AddProduction(const model::KpiWindow& mean_instance, double present_rps, int serving,
                     ports::Outbox& out);
  void Tick(IntentBook& intents, Now now, ports::Outbox& out);
  void Terminate(const model::ReplicaId& shadow, IntentBook& intents, Now now, ports::Outbox& out);

  // Nothing more is to be gained: the verdict settled, the deadline passed, or no arm can be measured any
  // more.
  bool Concludable() const { return concludable_; }
  bool DeadlinePassed() const { return deadline_passed_; }
  // Writes the verdicts into the arms and returns what the arms showed.
  std::vector<model::CapacityPoint> TakeVerdicts(Now now);
  // What the curve that learnt from them says of the arms' loads now.
  void NotePredictions(const capacity::Curve& curve);
  // Feeds the running shadows at other levels and measures again.
  void NextRound(std::vector<model::Arm> arms, Now now, ports::Outbox& out);
  // Stops traffic and shadows at once.
  void End(model::TrialState state, const std::string& note, IntentBook& intents, Now now,
           ports::Outbox& out);

  bool Ended() const { return model::TrialEnded(trial_.state); }
  bool Gone() const { return Ended() && shadows_.AllGone(); }
  // Bills the shadows once all are gone; writes the final trial.
  void Settle(double cost_per_second, Now now, ports::Outbox& out);

  const model::Trial& trial() const { return trial_; }
  const ShadowSet& shadows() const { return shadows_; }
  const std::string& version() const { return setup_.version; }
  const model::ServiceSpec& spec() const { return setup_.spec; }
  Micros Age(Now now) const { return now.mono - started_; }

 private:
  void BeginWarming(Now now, ports::Outbox& out);
  void SendTraffic(ports::Outbox& out);
  void NoteGone(ports::Outbox& out);
  void CheckArrivals(Now now, ports::Outbox& out);
  int ArmOf(const model::ReplicaId& shadow) const;
  analysis::Engine MakeEngine() const;
  void MoveTo(model::TrialState state, const std::string& note, Now now, ports::Outbox& out);

  Setup setup_;
  model::Trial trial_;
  ShadowSet shadows_;
  std::optional<analysis::Engine> engine_;
  MonoTime started_;
  MonoTime warming_since_;
  MonoTime next_look_{};  // whether the engine has settled
  double present_rps_ = 0;
  double fed_null_rps_ = -1;
  int serving_ = 1;
  bool concludable_ = false;
  bool deadline_passed_ = false;
};

}  // namespace shadowd::shadow
