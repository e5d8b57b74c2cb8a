// Everything that happens to one service: demand becomes triggers, a trigger becomes a trial or an untested
// plan, the verdict becomes a decision, the decision passes the gate and moves the fleet, and what was seen
// retrains the model. Phases and the handling of each event in each phase: transitions.h. Owned by Core; one
// thread; pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "analysis/tolerance.h"
#include "base/status.h"
#include "base/time.h"
#include "control/demand.h"
#include "control/emergency.h"
#include "control/fleet.h"
#include "control/follow_up.h"
#include "control/host_arbiter.h"
#include "control/learner.h"
#include "control/measured_levels.h"
#include "control/planner.h"
#include "control/production_meter.h"
#include "control/transitions.h"
#include "cost/worth.h"
#include "ports/event.h"
#include "ports/outbox.h"
#include "shadow/intent_book.h"
#include "shadow/trial_run.h"

namespace shadowd::control {

// Identity of what runs: the spec's version and a digest of its template, "2~9f3a01bc".
std::string IdentityOf(const model::ServiceSpec& spec);

// What is noted of a trial that a restart ended.
inline constexpr const char* kCutOff = "the daemon was restarted during the trial";

class ServiceMachine {
 public:
  explicit ServiceMachine(const model::ServiceId& id);

  void Step(const ports::Event& event, Now now, HostArbiter& host, ports::Outcome& outcome);

  Phase phase() const { return phase_; }
  bool Removed() const { return removed_; }
  // When it wants a TimerFired; nothing when only events can move it.
  std::optional<MonoTime> Deadline(Now now) const;
  const model::Service& service() const { return service_; }
  const shadow::TrialRun* trial() const { return trial_.has_value() ? &*trial_ : nullptr; }
  const Fleet& fleet() const { return fleet_; }

 private:
  struct Context {
    Now now;
    HostArbiter& host;
    ports::Outbox& out;
    ports::ReplyToken token;
    const std::string& actor;
  };

  struct Ending {  // a trial whose shadows are still stopping
    shadow::TrialRun trial;
    model::Decision decision;
  };

  // Callers (service_commands.cc)
  void Handle(const ports::ApplyService& event, Context& c);
  void Handle(const ports::DeleteService& event, Context& c);
  void Handle(const ports::ProposeScaling& event, Context& c);
  void Handle(const ports::RunNullTrial& event, Context& c);
  void Handle(const ports::CancelTrial& event, Context& c);
  void Handle(const ports::TerminateShadow& event, Context& c);
  void Handle(const ports::ApproveDecision& event, Context& c);
  void Handle(const ports::RejectDecision& event, Context& c);
  void Handle(const ports::Freeze& event, Context& c);
  void Adopt(const model::ServiceSpec& spec, Context& c);
  void FollowSpec(Context& c);
  Status WhyNotAsked(const Context& c) const;
  void AnswerWithDecision(Context& c);
  void AnswerAdvised(const model::DecisionId& id, model::DecisionState state, Context& c);
  void Audit(const char* method, const std::string& detail, Context& c);

  // The world (service_machine.cc)
  void Handle(const ports::ProductionWindow& event, Context& c);
  void Handle(const ports::ShadowWindow& event, Context& c);
  void Handle(const ports::ReplicaStarted& event, Context& c);
  void Handle(const ports::ReplicaReady& event, Context& c);
  void Handle(const ports::ReplicaFailed& event, Context& c);
  void Handle(const ports::ReplicaStopped& event, Context& c);
  void Handle(const ports::ServerChanged& event, Context& c);
  void Handle(const ports::HostPressure& event, Context& c);
  void Handle(const ports::TimerFired& event, Context& c);
  void Settle(Context& c);  // after every event: what has ended, what has arrived
  void FollowWhatIsOwed(Context& c);
  void SettleFleet(Context& c);
  void SettleTrials(Context& c);

  // Forecasts and models (service_forecast.cc)
  void Handle(const ports::DemandSample& event, Context& c);
  void Handle(const ports::ForecastFitted& event, Context& c);
  void Handle(const ports::Retrain& event, Context& c);
  void Handle(const ports::RevertModel& event, Context& c);
  void Handle(const ports::ImportHistory& event, Context& c);
  void OnStep(const DemandTracker::Step& step, Context& c);
  void PutForecast(Context& c);
  bool BeyondForecast() const;
  Micros Reach() const;        // how long a remedy takes
  void AskForFit(Context& c);  // of everything that is known, also where one is underway
  void RequestFit(Context& c);
  bool WaitForVersion(Context& c);
  void AnswerWaiting(const StatusOr<ports::ReplyValue>& answer, Context& c);
  void MakeDueVersion(Context& c);
  model::ModelVersion PutVersion(model::ModelVersion version, Context& c);

  // Triggers (service_trigger.cc)
  enum class Urgency { kAfterTrial, kNoTimeForTrial, kEmergency };
  struct Next {
    model::Trigger trigger;
    Urgency urgency = Urgency::kAfterTrial;
  };
  void Consider(const std::optional<forecast::LimitSignal>& signal, Context& c);
  void ConsiderMore(const std::optional<forecast::LimitSignal>& signal, Context& c);
  void OnEmergency(const std::string& evidence, Context& c);
  std::optional<Next> NextTrigger(const std::optional<forecast::LimitSignal>& signal, Context& c);
  std::optional<Next> FindNext(const PlanView& view, const std::optional<forecast::LimitSignal>& signal,
                               Context& c);
  bool Suppressed(const model::Trigger& trigger, Now now) const;
  bool GateWouldRefuse(const model::Trigger& trigger, Context& c) const;

  // Trials (service_trial.cc)
  void Begin(const model::Trigger& trigger, Urgency urgency, Context& c);
  void StartTrial(std::vector<model::Arm> arms, Context& c);
  bool WouldTest(const model::Trigger& trigger, const Context& c);
  std::optional<std::string> WhyNoTrial(const model::Trigger& trigger, std::vector<model::Arm>& arms,
                                        Context& c);
  cost::WorthInput TrialOutlook(const model::Trigger& trigger, size_t arms, const Context& c);
  std::optional<std::string> OverBudget(const cost::WorthInput& outlook, const Context& c) const;
  void TakeFromCache(const model::Trigger& trigger, std::vector<model::Arm>& arms, const Context& c) const;
  analysis::Circumstances CircumstancesOf(const model::Trigger& trigger, Now now) const;
  bool MeasuredToHold(const model::Trigger& trigger, const Context& c) const;
  std::optional<model::ArmVerdict> Answered(const model::Trigger& trigger, const Context& c) const;

  // The end of a trial (service_conclude.cc)
  void Conclude(Context& c);
  model::ModelVersion LearnFromTrial(Context& c);
  void Supersede(const std::string& why, Context& c);
  void EndTrial(model::TrialState state, const std::string& note, Context& c);

  // Decisions (service_decision.cc)
  void DecideUntested(const std::string& why, Context& c);
  void ApplyDecision(Context& c);
  void FinishDecision(model::DecisionState state, Context& c);
  void WriteLedger(const model::Decision& decision, const model::Trial* trial, Context& c);
  void CloseEntry(const model::Decision& decision, model::LedgerEntry& entry) const;
  void BillTrial(Ending& ending, Context& c);

  // What production shows afterwards (service_follow_up.cc)
  void BeginFollowUp(const model::Decision& decision, Context& c);
  void Follow(const model::CapacityPoint& point, Context& c);
  void EndFollowUp(Context& c);

  // Restart (service_restore.cc)
  void Handle(const ports::Restored& event, Context& c);
  void Handle(const ports::ReplicaFound& event, Context& c);
  model::Trial CloseCutOff(model::Trial trial, const ports::Restored& event, Context& c);
  void StopOrphan(const model::ReplicaId& id, Context& c);
  void AskOrphansAgain(Context& c);
  bool EndOrphan(const model::ReplicaId& id, const std::string& note, Context& c);

  PlanView View(const std::string& version, Now now);
  Micros LeadTime() const;   // of an instance
  Micros TrialTime() const;  // zero without trials
  std::string ProductionVersion() const;
  std::string CurveVersion(const std::string& version) const;
  bool VersionPending() const;
  bool NeverCameUp() const;  // what production is to run, while the spec asks for something else by now
  int Current() const;
  bool Trials() const;
  FleetPlan PlanOf() const;
  void Produce(Context& c);  // hands the plan to the fleet

  model::Service service_;
  Phase phase_ = Phase::kNew;
  bool removed_ = false;
  shadow::IntentBook intents_;
  Fleet fleet_;
  Learner learner_;
  MeasuredLevels measured_;
  std::optional<DemandTracker> demand_;
  ProductionMeter meter_;
  EmergencyDetector emergency_;

  std::optional<shadow::TrialRun> trial_;
  std::optional<model::Decision> decision_;  // open: TESTING or APPLYING
  std::optional<model::Decision> advised_;   // published, waiting for a caller
  std::optional<model::Decision> last_finished_;
  std::optional<FollowUp> follow_up_;  // of the last tested decision that was applied
  std::optional<model::LedgerEntry> last_entry_;
  double mirrored_share_ = 0;  // of the last trial's requests
  std::vector<Ending> endings_;
  struct Orphan {  // a shadow of a trial that a restart ended
    model::Shadow shadow;
    std::optional<MonoTime> stop_asked;
  };
  std::map<model::ReplicaId, Orphan> orphans_;

  int serving_seen_ = 0;  // UP in the balancer
  int surplus_steps_ = 0;
  bool fit_underway_ = false;
  bool fit_asked_ = false;                             // while one was underway
  std::optional<model::RetrainCause> version_due_;     // once the fits that are underway are there
  std::vector<ports::ReplyToken> version_waiting_;     // callers, bounded
  std::optional<forecast::LimitSignal> drift_;         // noticed, and no decision has begun since
  std::optional<model::TriggerKind> test_afterwards_;  // what went first, untested
  bool version_tried_ = false;                         // the version in production had its trial
  std::string refused_version_;                        // held nowhere; waits for another spec
  std::optional<MonoTime> emergency_quiet_until_;
  std::optional<MonoTime> last_out_, last_in_;
  std::optional<MonoTime> last_saved_;  // model version of production data
  struct LastAnswer {
    int planned = 0;
    std::string version;
    MonoTime until;
  };
  std::optional<LastAnswer> last_answer_;
};

}  // namespace shadowd::control
