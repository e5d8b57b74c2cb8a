#include "shadow/trial_run.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace shadowd::shadow {

using model::TrialState;

namespace {

// The null arm follows production; a change smaller than this is not worth new instructions to the data
// plane.
constexpr double kNullLoadChange = 0.05;

// A look at the evidence costs a fit of the curve. Between two looks passes this share of the measuring time,
// at least the shortest distance, within which every arm hands over a window.
constexpr double kLookShare = 1.0 / 16;
constexpr Micros kLookEvery = std::chrono::milliseconds(900);

}  // namespace

TrialRun::TrialRun(Setup setup) : setup_(std::move(setup)), trial_(setup_.trial), shadows_(setup_.spec) {
  present_rps_ = trial_.trigger.present_rps;
  serving_ = std::max(1, setup_.production_instances);
}

void TrialRun::Start(IntentBook& intents, Now now, ports::Outbox& out) {
  started_ = now.mono;
  trial_.create_time = now.wall;
  trial_.state = TrialState::kStarting;
  for (size_t arm = 0; arm < trial_.arms.size(); ++arm) {
    for (int copy = 0; !trial_.arms[arm].cached && copy < setup_.spec.shadows.shadows_per_level; ++copy) {
      const model::ReplicaId id(fmt::format("{}-a{}-s{}", trial_.id, arm, copy));
      trial_.arms[arm].shadows.push_back(id);
      shadows_.Start(trial_.id, static_cast<int>(arm), id, setup_.version, intents, now, out);
    }
  }
  out.Put(trial_);
  out.Log("trial={} to=STARTING cause={} arms={} shadows={}", trial_.id,
          model::TriggerKindName(trial_.trigger.kind), trial_.arms.size(), shadows_.size());
}

bool TrialRun::OnStarted(const ports::ReplicaStarted& event, IntentBook& intents, Now now,
                         ports::Outbox& out) {
  return shadows_.OnStarted(event, intents, now, out);
}

bool TrialRun::OnReady(const ports::ReplicaReady& event, IntentBook& intents, Now now, ports::Outbox& out) {
  if (!shadows_.OnReady(event, intents, now, out)) {
    return false;
  }
  CheckArrivals(now, out);
  return true;
}

bool TrialRun::OnFailed(const ports::ReplicaFailed& event, IntentBook& intents, Now now, ports::Outbox& out) {
  if (!shadows_.OnFailed(event, intents, now, out)) {
    return false;
  }
  NoteGone(out);
  const int arm = ArmOf(event.replica);
  if (arm >= 0 && !Ended()) {
    std::string& reason = trial_.arms[static_cast<size_t>(arm)].verdict.reason;
    reason = fmt::format("shadow {}: {}", event.replica, MessageOf(event.error));
    if (engine_.has_value()) {
      engine_->Abandon(static_cast<size_t>(arm), reason);
      next_look_ = now.mono;  // it may have been what the others waited for
    }
    CheckArrivals(now, out);
    if (trial_.state == TrialState::kWarming || trial_.state == TrialState::kMeasuring) {
      SendTraffic(out);
    }
  }
  return true;
}

bool TrialRun::OnStopped(const ports::ReplicaStopped& event, IntentBook& intents, Now now,
                         ports::Outbox& out) {
  if (!shadows_.OnStopped(event, intents, now, out)) {
    return false;
  }
  NoteGone(out);
  if (!Ended()) {
    CheckArrivals(now, out);
  }
  return true;
}

// What is gone must be paid for, also where nobody is left to settle the trial: a restart adds the others.
void TrialRun::NoteGone(ports::Outbox& out) {
  trial_.shadow_seconds = shadows_.SecondsOfGone();
  out.Put(trial_);
}

// Measuring starts when no shadow is on its way any more. With no candidate alive there is nothing to
// measure.
void TrialRun::CheckArrivals(Now now, ports::Outbox& out) {
  if (Ended() || !shadows_.AllArrived()) {
    return;
  }
  bool candidate_alive = false;
  for (size_t arm = 0; arm < trial_.arms.size(); ++arm) {
    candidate_alive |= trial_.arms[arm].role == model::ArmRole::kCandidate &&
                       !shadows_.ReadyOf(static_cast<int>(arm)).empty();
  }
  if (!candidate_alive) {
    concludable_ = true;
    deadline_passed_ = true;
  } else if (trial_.state == TrialState::kStarting) {
    BeginWarming(now, out);
  }
}

void TrialRun::BeginWarming(Now now, ports::Outbox& out) {
  engine_ = MakeEngine();
  for (size_t arm = 0; arm < trial_.arms.size(); ++arm) {
    const std::string& failed = trial_.arms[arm].verdict.reason;
    if (shadows_.ReadyOf(static_cast<int>(arm)).empty() && !trial_.arms[arm].cached) {
      engine_->Abandon(arm, failed.empty() ? "it has no shadow" : failed);
    }
  }
  warming_since_ = now.mono;
  concludable_ = false;
  deadline_passed_ = false;
  MoveTo(TrialState::kWarming, "shadows_ready", now, out);
  SendTraffic(out);
}

analysis::Engine TrialRun::MakeEngine() const {
  const model::ServiceSpec& spec = setup_.spec;
  analysis::EngineOptions options;
  options.slo = spec.slo;
  options.alpha = spec.trial.alpha;
  options.rounds = kRoundsMax;
  options.tolerance = spec.trial.tolerance;
  options.tolerances = setup_.tolerances;
  options.void_share_max = spec.trial.void_share_max;
  options.warm_up = spec.trial.warm_up;
  options.deadline = spec.trial.deadline;
  options.history = setup_.history;
  options.version = setup_.version;
  // Shadows of a new version differ from production for a reason; they must not normalise each other.
  options.null_normalises = trial_.trigger.kind != model::TriggerKind::kNewVersion;
  return analysis::Engine(options, trial_.arms);
}

void TrialRun::SendTraffic(ports::Outbox& out) {
  ports::SetTraffic traffic;
  for (size_t arm = 0; arm < trial_.arms.size(); ++arm) {
    model::Arm& fed = trial_.arms[arm];
    if (fed.role == model::ArmRole::kNull) {
      fed.load_rps = present_rps_ / serving_;
      fed_null_rps_ = fed.load_rps;
    }
    for (const model::Shadow* shadow : shadows_.ReadyOf(static_cast<int>(arm))) {
      const int instances = fed.role == model::ArmRole::kNull ? serving_ : fed.level;
      traffic.feeds.push_back({shadow->id, shadow->address,
                               std::min(fed.load_rps, setup_.spec.load.max_rps_per_shadow),
                               std::max(1, instances)});
    }
  }
  traffic.mirror = setup_.spec.mirror;
  traffic.load = setup_.spec.load;
  traffic.balancing = setup_.spec.balancing;
  traffic.production_rps = present_rps_;
  traffic.seed = setup_.seed;
  out.Do(std::move(traffic));
}

void TrialRun::AddShadowWindow(const ports::ShadowWindow& event, Now now) {
  const int arm = ArmOf(event.shadow);
  if (arm < 0 || Ended() || !engine_.has_value()) {
    return;
  }
  trial_.mirrored_requests += event.window.mirrored;
  trial_.synthetic_requests += event.window.synthetic;
  shadows_.NoteRequests(event.shadow, event.window.offered, now);
  engine_->AddShadowWindow(static_cast<size_t>(arm), event.window);
  if (trial_.state != TrialState::kMeasuring || now.mono < next_look_) {
    return;
  }
  concludable_ = concludable_ || engine_->Settled();
  const double measured = ToSeconds(now.mono - warming_since_ - setup_.spec.trial.warm_up);
  next_look_ = now.mono + std::max(kLookEvery, FromSeconds(measured * kLookShare));
}

void TrialRun::AddProduction(const model::KpiWindow& mean_instance, double present_rps, int serving,
                             ports::Outbox& out) {
  present_rps_ = present_rps;
  serving_ = std::max(1, serving);
  if (Ended() || !engine_.has_value()) {
    return;
  }
  engine_->AddProductionWindow(mean_instance);
  const double wanted = present_rps_ / serving_;
  const bool null_moved =
      fed_null_rps_ >= 0 && std::abs(wanted - fed_null_rps_) > kNullLoadChange * std::max(1.0, fed_null_rps_);
  if (null_moved) {
    SendTraffic(out);
  }
}

void TrialRun::Tick(IntentBook& intents, Now now, ports::Outbox& out) {
  shadows_.EndOverdue(intents, now, out);
  if (Ended()) {
    return;
  }
  const model::ServiceSpec& spec = setup_.spec;
  if (trial_.state == TrialState::kStarting &&
      now.mono - started_ >= spec.instance.readiness.deadline + std::chrono::seconds(5)) {
    concludable_ = true;
    deadline_passed_ = true;
  }
  if (trial_.state == TrialState::kWarming && now.mono - warming_since_ >= spec.trial.warm_up) {
    trial_.measure_time = now.wall;
    MoveTo(TrialState::kMeasuring, "warm_up_passed", now, out);
  }
  if (trial_.state == TrialState::kMeasuring &&
      now.mono - warming_since_ >= spec.trial.warm_up + spec.trial.deadline) {
    concludable_ = true;
    deadline_passed_ = true;
  }
}

void TrialRun::Terminate(const model::ReplicaId& shadow, IntentBook& intents, Now now, ports::Outbox& out) {
  shadows_.Stop(shadow, intents, now, out);
  if (trial_.state != TrialState::kStarting && !Ended()) {
    SendTraffic(out);
  }
  CheckArrivals(now, out);
}

std::vector<model::CapacityPoint> TrialRun::TakeVerdicts(Now now) {
  if (!engine_.has_value()) {
    for (model::Arm& arm : trial_.arms) {
      if (arm.verdict.reason.empty()) {
        arm.verdict.reason =
            "its shadow did not become ready in time: too busy a machine, or too short a deadline";
      }
    }
    return {};
  }
  const std::vector<model::ArmVerdict> verdicts = engine_->Verdicts(deadline_passed_);
  for (size_t arm = 0; arm < trial_.arms.size() && arm < verdicts.size(); ++arm) {
    trial_.arms[arm].verdict = verdicts[arm];
  }
  return engine_->Points(setup_.version, now.wall, serving_);
}

void TrialRun::NotePredictions(const capacity::Curve& curve) {
  for (model::Arm& arm : trial_.arms) {
    arm.predicted_after = curve.Predict(arm.load_rps);
  }
}

void TrialRun::NextRound(std::vector<model::Arm> arms, Now now, ports::Outbox& out) {
  for (size_t arm = 0; arm < trial_.arms.size() && arm < arms.size(); ++arm) {
    arms[arm].shadows = trial_.arms[arm].shadows;
    if (shadows_.ReadyOf(static_cast<int>(arm)).empty()) {
      arms[arm].verdict.reason = trial_.arms[arm].verdict.reason;
    }
  }
  trial_.arms = std::move(arms);
  ++trial_.round;
  BeginWarming(now, out);
}

void TrialRun::End(TrialState state, const std::string& note, IntentBook& intents, Now now,
                   ports::Outbox& out) {
  if (Ended()) {
    return;
  }
  out.Do(ports::SetTraffic{});
  shadows_.StopAll(intents, now, out);
  trial_.end_time = now.wall;
  trial_.note = note;
  MoveTo(state, note, now, out);
}

void TrialRun::Settle(double cost_per_second, Now now, ports::Outbox& out) {
  trial_.shadow_seconds = shadows_.SecondsSoFar(now);
  trial_.cost = trial_.shadow_seconds * cost_per_second;
  out.Put(trial_);
}

void TrialRun::MoveTo(TrialState state, const std::string& note, Now now, ports::Outbox& out) {
  out.Log("trial={} from={} to={} cause=\"{}\" took_ms={}", trial_.id, model::TrialStateName(trial_.state),
          model::TrialStateName(state), note, (now.mono - started_).count() / 1000);
  trial_.state = state;
  out.Put(trial_);
}

int TrialRun::ArmOf(const model::ReplicaId& shadow) const {
  const model::Shadow* found = shadows_.Find(shadow);
  return found == nullptr ? -1 : found->arm;
}

}  // namespace shadowd::shadow
