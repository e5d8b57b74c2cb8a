#include "control/service_machine.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace shadowd::control {

using model::Mode;

namespace {

constexpr Micros kTick = std::chrono::milliseconds(250);
constexpr Micros kSaveProductionEvery = std::chrono::minutes(10);
constexpr Micros kQuietAfterChange = std::chrono::seconds(5);

uint64_t Fnv1a(uint64_t hash, const std::string& text) {
  for (const char ch : text) {
    hash = (hash ^ static_cast<unsigned char>(ch)) * 0x100000001b3ULL;
  }
  return (hash ^ 0xffU) * 0x100000001b3ULL;
}

}  // namespace

std::string IdentityOf(const model::ServiceSpec& spec) {
  uint64_t hash = 0xcbf29ce484222325ULL;
  for (const std::string& arg : spec.instance.argv) {
    hash = Fnv1a(hash, arg);
  }
  for (const auto& [name, value] : spec.instance.environment) {
    hash = Fnv1a(Fnv1a(hash, name), value);
  }
  hash = Fnv1a(hash, spec.instance.working_dir);
  return fmt::format("{}~{:08x}", spec.version, static_cast<uint32_t>(hash ^ (hash >> 32)));
}

ServiceMachine::ServiceMachine(const model::ServiceId& id) : learner_(id) {
  service_.spec.id = id;
}

void ServiceMachine::Step(const ports::Event& event, Now now, HostArbiter& host, ports::Outcome& outcome) {
  ports::Outbox out(service_.spec.id, outcome);
  Context context{now, host, out, event.token, event.actor};
  switch (HandlingOf(phase_, event.payload.index())) {
    case Handling::kIgnore:
      out.Answer(event.token, ports::ReplyValue());
      return;
    case Handling::kRefuse:
      out.Answer(event.token, WithReason(FailedPrecondition("{} is not possible while service {} is {}",
                                                            EventName(event.payload.index()),
                                                            service_.spec.id, PhaseName(phase_)),
                                         "WRONG_STATE"));
      return;
    case Handling::kProcess:
    case Handling::kSupersede:
      break;
  }
  std::visit([&](const auto& payload) { Handle(payload, context); }, event.payload);
  Settle(context);
}

std::optional<MonoTime> ServiceMachine::Deadline(Now now) const {
  const bool busy = trial_.has_value() || !endings_.empty() || !orphans_.empty() ||
                    phase_ == Phase::kApplying || phase_ == Phase::kDeleting ||
                    fleet_.NextRetry().has_value();
  return busy && !removed_ ? std::optional<MonoTime>(now.mono + kTick) : std::nullopt;
}

// Without trials versions are not told apart: there is one curve, which keeps learning from production, as
// autoscalers that know only load have it.
std::string ServiceMachine::CurveVersion(const std::string& version) const {
  return Trials() ? version : std::string("any");
}

std::string ServiceMachine::ProductionVersion() const {
  return service_.rollout_version.empty() ? IdentityOf(service_.spec) : service_.rollout_version;
}

bool ServiceMachine::VersionPending() const {
  const std::string wanted = IdentityOf(service_.spec);
  return !service_.rollout_version.empty() && wanted != service_.rollout_version &&
         wanted != refused_version_;
}

bool ServiceMachine::NeverCameUp() const {
  return fleet_.Serving() == 0 && fleet_.Stuck() && service_.rollout_version != IdentityOf(service_.spec);
}

int ServiceMachine::Current() const {
  return service_.spec.mode == Mode::kAct && service_.target > 0 ? fleet_.Serving() : serving_seen_;
}

bool ServiceMachine::Trials() const {
  return service_.spec.trial.policy == model::TrialPolicy::kAuto;
}

Micros ServiceMachine::LeadTime() const {
  return learner_.LeadTime(service_.spec.lead_time_prior);
}

Micros ServiceMachine::TrialTime() const {
  if (!Trials()) {
    return Micros(0);
  }
  const model::TrialSpec& trial = service_.spec.trial;
  const Micros prior = trial.warm_up + std::min<Micros>(trial.deadline, std::chrono::seconds(10));
  return learner_.TrialTime(LeadTime() + prior);
}

PlanView ServiceMachine::View(const std::string& version, Now now) {
  return PlanView{service_.spec, *demand_,  learner_.CurveOf(CurveVersion(version), now.wall),
                  version,       Current(), LeadTime(),
                  TrialTime(),   now.wall};
}

FleetPlan ServiceMachine::PlanOf() const {
  FleetPlan plan;
  plan.target = phase_ == Phase::kDeleting ? 0 : service_.target;
  plan.version = service_.rollout_version;
  plan.version_label = plan.version.substr(0, plan.version.rfind('~'));
  plan.instance = service_.rollout_instance;
  plan.haproxy = service_.spec.haproxy;
  return plan;
}

void ServiceMachine::Produce(Context& c) {
  fleet_.SetPlan(PlanOf());
  fleet_.Reconcile(intents_, c.now, c.out);
}

void ServiceMachine::Handle(const ports::ProductionWindow& event, Context& c) {
  serving_seen_ = event.serving;
  if (phase_ == Phase::kDeleting) {
    return;
  }
  fleet_.OnServerNames(event.server_names, intents_, c.now, c.out);
  if (phase_ != Phase::kApplying) {
    if (std::optional<model::CapacityPoint> point =
            meter_.Observe(event, CurveVersion(ProductionVersion()))) {
      Follow(*point, c);
      learner_.AddPoint(*std::move(point));
      if (!last_saved_ || c.now.mono - *last_saved_ >= kSaveProductionEvery) {
        last_saved_ = c.now.mono;
        c.out.Put(learner_.Retrain(model::RetrainCause::kProduction, {}, CurveVersion(ProductionVersion()),
                                   {}, service_.spec.slo, c.now.wall));
      }
    }
  } else {
    meter_.Reset();
  }
  const std::optional<DemandTracker::Step> step = demand_->AddWindow(event.service);
  if (trial_) {
    trial_->AddProduction(MeanInstance(event), demand_->present_rps(), event.serving, c.out);
  }
  if (const std::optional<std::string> evidence =
          emergency_.Observe(event.service, service_.spec.slo, service_.spec.triggers)) {
    OnEmergency(*evidence, c);
  }
  if (step) {
    OnStep(*step, c);
  } else if (BeyondForecast()) {
    Consider(std::nullopt, c);
  }
}

void ServiceMachine::Handle(const ports::ShadowWindow& event, Context& c) {
  if (trial_) {
    trial_->AddShadowWindow(event, c.now);
  }
}

void ServiceMachine::Handle(const ports::ReplicaStarted& event, Context& c) {
  bool known = fleet_.OnStarted(event, intents_, c.now, c.out) ||
               (trial_ && trial_->OnStarted(event, intents_, c.now, c.out));
  for (Ending& ending : endings_) {
    known = known || ending.trial.OnStarted(event, intents_, c.now, c.out);
  }
  if (!known && !orphans_.contains(event.replica)) {  // nobody's: it must not stay
    intents_.Close(event.key, absl::OkStatus(), c.now, c.out);
    c.out.Do(ports::StopReplica{intents_.Open(model::IntentKind::kStopReplica, event.replica, c.now, c.out),
                                event.replica, Micros(0)});
  }
}

void ServiceMachine::Handle(const ports::ReplicaReady& event, Context& c) {
  if (fleet_.OnReady(event, intents_, c.now, c.out)) {
    return;
  }
  if (trial_ && trial_->OnReady(event, intents_, c.now, c.out)) {
    const model::Shadow* shadow = trial_->shadows().Find(event.replica);
    learner_.RecordStart(ToSeconds(shadow->ready_time - shadow->create_time));
  }
}

void ServiceMachine::Handle(const ports::ReplicaFailed& event, Context& c) {
  bool known = fleet_.OnFailed(event, intents_, c.now, c.out) ||
               (trial_ && trial_->OnFailed(event, intents_, c.now, c.out));
  for (Ending& ending : endings_) {
    known = known || ending.trial.OnFailed(event, intents_, c.now, c.out);
  }
  if (!known && !EndOrphan(event.replica, MessageOf(event.error), c)) {
    intents_.Close(event.key, event.error, c.now, c.out);
  }
}

void ServiceMachine::Handle(const ports::ReplicaStopped& event, Context& c) {
  bool known = fleet_.OnStopped(event, intents_, c.now, c.out) ||
               (trial_ && trial_->OnStopped(event, intents_, c.now, c.out));
  for (Ending& ending : endings_) {
    known = known || ending.trial.OnStopped(event, intents_, c.now, c.out);
  }
  if (!known) {
    intents_.Close(event.key, absl::OkStatus(), c.now, c.out);
    EndOrphan(event.replica, "", c);
  }
}

void ServiceMachine::Handle(const ports::ServerChanged& event, Context& c) {
  fleet_.OnServerChanged(event, intents_, c.now, c.out);
}

void ServiceMachine::Handle(const ports::HostPressure& event, Context& c) {
  (void)event;
  (void)c;
}

void ServiceMachine::Handle(const ports::TimerFired& event, Context& c) {
  (void)event;
  if (trial_) {
    trial_->Tick(intents_, c.now, c.out);
  }
  for (Ending& ending : endings_) {
    ending.trial.Tick(intents_, c.now, c.out);
  }
  AskOrphansAgain(c);
  fleet_.Reconcile(intents_, c.now, c.out);
}

void ServiceMachine::Settle(Context& c) {
  for (const double seconds : fleet_.TakeStartSeconds()) {
    learner_.RecordStart(seconds);
  }
  if (trial_ && trial_->Concludable()) {
    Conclude(c);
  }
  SettleTrials(c);
  SettleFleet(c);
}

void ServiceMachine::SettleTrials(Context& c) {
  std::erase_if(endings_, [&](Ending& ending) {
    if (!ending.trial.Gone()) {
      return false;
    }
    ending.trial.Settle(service_.spec.prices.shadow_hour / 3600.0, c.now, c.out);
    BillTrial(ending, c);
    WriteLedger(ending.decision, &ending.trial.trial(), c);
    c.host.Release(ending.trial.trial().id);
    return true;
  });
}

// What the spec asks and a trial, a freeze or a version that never came up held back.
void ServiceMachine::FollowWhatIsOwed(Context& c) {
  const model::Bounds& bounds = service_.spec.bounds;
  const bool out_of_bounds = phase_ == Phase::kIdle && service_.target > 0 &&
                             (service_.target < bounds.min || service_.target > bounds.max);
  const bool owed = out_of_bounds || (phase_ != Phase::kTrialling && NeverCameUp());
  if (!owed || service_.spec.mode != Mode::kAct || c.host.frozen()) {
    return;
  }
  if (decision_) {
    FinishDecision(model::DecisionState::kFailed, c);
  }
  FollowSpec(c);
  c.out.Put(service_);
}

void ServiceMachine::SettleFleet(Context& c) {
  if (phase_ == Phase::kDeleting) {
    fleet_.Reconcile(intents_, c.now, c.out);
    const bool gone = fleet_.empty() && !trial_ && endings_.empty() && orphans_.empty();
    if (gone && intents_.pending() == 0) {  // else a server may still be in the balancer
      c.out.Log("from=DELETING to=REMOVED");
      c.out.Put(ports::ServiceRemoved{service_.spec.id});
      removed_ = true;
    }
    return;
  }
  FollowWhatIsOwed(c);
  if (phase_ != Phase::kApplying) {
    return;
  }
  const bool arrived = fleet_.Converged();
  const std::optional<std::string> stuck = fleet_.Stuck();
  if (!arrived && !stuck) {
    return;
  }
  phase_ = Phase::kIdle;
  emergency_.Reset();
  emergency_quiet_until_ = c.now.mono + kQuietAfterChange;
  c.out.Log("from=APPLYING to=IDLE replicas={} version={}{}", fleet_.Serving(), service_.rollout_version,
            stuck ? fmt::format(" cause=\"{}\"", *stuck) : std::string());
  if (decision_) {
    if (!arrived) {
      decision_->gate_reason = *stuck;
    }
    FinishDecision(arrived ? model::DecisionState::kApplied : model::DecisionState::kFailed, c);
  }
}

}  // namespace shadowd::control
