// What becomes of the core's effects in a world: how replicas start and end, what the balancer does, and what
// is told of it.
#include <algorithm>
#include <cmath>
#include <utility>

#include "forecast/forecaster.h"
#include "sim/world.h"

namespace shadowd::sim {

using model::IntentKind;

namespace {

constexpr Micros kSecond = std::chrono::seconds(1);
constexpr Micros kSoon = std::chrono::milliseconds(20);

Status Exited() {
  return WithReason(Unavailable("exited with code 1"), "EXITED");
}

}  // namespace

void World::Result(Micros delay, const model::ServiceId& service, const ports::Payload& payload, Due due,
                   const model::ReplicaId& replica) {
  After(delay, service, payload, due, replica);
  if (options_.faults == nullptr) {
    return;
  }
  if (const std::optional<Micros> again = options_.faults->ToldAgain(now_)) {
    After(delay + *again, service, payload);
  }
}

void World::Do(const ports::Action& action) {
  const model::ServiceId& service = action.service;
  if (const auto* start = std::get_if<ports::StartReplica>(&action.effect)) {
    Start(service, *start);
  } else if (const auto* stop = std::get_if<ports::StopReplica>(&action.effect)) {
    Stop(service, *stop);
  } else if (std::holds_alternative<ports::ObserveProduction>(action.effect)) {
    observed_.insert(service);
    served_.insert(service);
  } else if (std::holds_alternative<ports::StopObserving>(action.effect)) {
    observed_.erase(service);
    served_.erase(service);
  } else if (const auto* traffic = std::get_if<ports::SetTraffic>(&action.effect)) {
    feeds_.Set(service, *traffic, now_);
  } else if (const auto* fit = std::get_if<ports::FitForecast>(&action.effect)) {
    auto fitted = std::make_shared<const forecast::Fit>(forecast::FitModels(*fit->input));
    After(kSoon, service, ports::ForecastFitted{std::move(fitted)});
  } else if (const auto* timer = std::get_if<ports::ArmTimer>(&action.effect)) {
    timer_ = timer->at;
  } else if (const auto* log = std::get_if<ports::LogTransition>(&action.effect)) {
    Note(log->line);
  } else {
    ChangeServer(service, action.effect);
  }
}

void World::ChangeServer(const model::ServiceId& service, const ports::Effect& effect) {
  const auto tell = [&](const auto& change, IntentKind kind, Micros usual, const Status& result) {
    const BalancerFate fate =
        options_.faults != nullptr ? options_.faults->ChangeServer(now_) : BalancerFate{false, usual};
    const Status failed = Unavailable("the balancer does not answer");
    Result(std::max(usual, fate.takes), service,
           ports::ServerChanged{change.key, kind, change.replica, fate.fails ? failed : result});
    return !fate.fails;
  };
  if (const auto* add = std::get_if<ports::AddServer>(&effect)) {
    const bool runs = host_.Runs(add->replica);
    if (tell(*add, IntentKind::kAddServer, kSoon, runs ? Status() : Unavailable("no such replica"))) {
      host_.Join(add->replica, now_);
    }
  } else if (const auto* drain = std::get_if<ports::DrainServer>(&effect)) {
    if (tell(*drain, IntentKind::kDrainServer, kSecond, Status())) {
      host_.Leave(drain->replica, now_);
    }
  } else if (const auto* remove = std::get_if<ports::RemoveServer>(&effect)) {
    if (tell(*remove, IntentKind::kRemoveServer, kSoon, Status())) {
      host_.Leave(remove->replica, now_);
    }
  }
}

void World::TellStart(const model::ReplicaId& replica, const model::IntentKey& key, Micros after) {
  const Replica& running = host_.replicas().at(replica);
  Result(after, running.service,
         ports::ReplicaStarted{key, replica, {1000 + static_cast<int64_t>(order_), 1, "sim"}, "127.0.0.1:1"},
         Due::kIfAlive, replica);
  if (running.ready) {
    Result(std::max(after + kSoon, kSoon + (*running.ready - now_)), running.service,
           ports::ReplicaReady{replica}, Due::kIfAlive, replica);
  }
}

void World::Start(const model::ServiceId& service, const ports::StartReplica& start) {
  if (host_.Runs(start.replica)) {  // asked again after a restart: reported, not started
    TellStart(start.replica, start.key, kSoon);
    return;
  }
  const ports::ReplicaFailed failed{start.key, start.replica, Exited()};
  if (!options_.versions.contains(start.version)) {
    Result(kSoon, service, failed);
    return;
  }
  const StartFate fate = options_.faults != nullptr ? options_.faults->Start(now_) : StartFate::kUp;
  if (fate == StartFate::kRefused) {
    Result(kSoon, service,
           ports::ReplicaFailed{start.key, start.replica,
                                WithReason(Unavailable("no port is free"), "PORT_TAKEN")});
    return;
  }
  if (rng_.Uniform() < options_.start_failure) {
    Bring(start.replica, service, start, std::nullopt);
    After(options_.fails_after, service, failed, Due::kDeath, start.replica);
    return;
  }
  const double spread = std::sqrt(12.0) * options_.start_up_cv * (rng_.Uniform() - 0.5);
  Micros up = FromSeconds(ToSeconds(options_.start_up) * std::max(0.0, 1 + spread));
  const Micros deadline = start.instance.readiness.deadline;
  if (fate == StartFate::kExits || fate == StartFate::kHangs) {
    Bring(start.replica, service, start, std::nullopt);
    TellStart(start.replica, start.key, kSoon);
    const Status error = fate == StartFate::kExits
                             ? Exited()
                             : WithReason(DeadlineExceeded("was not ready"), "READINESS_DEADLINE");
    After(fate == StartFate::kExits ? up / 2 : deadline + 2 * kSecond, service,
          ports::ReplicaFailed{start.key, start.replica, error}, Due::kDeath, start.replica);
    return;
  }
  if (fate == StartFate::kSlow) {
    up = std::max(up, deadline - kSecond);
  }
  Bring(start.replica, service, start, now_ + up);
  TellStart(start.replica, start.key, fate == StartFate::kSlow ? up / 2 : kSoon);
}

void World::Stop(const model::ServiceId& service, const ports::StopReplica& stop) {
  const ports::ReplicaStopped stopped{stop.key, stop.replica};
  if (options_.faults == nullptr || !host_.Runs(stop.replica)) {
    End(stop.replica);
    Result(kSoon, service, stopped);
    return;
  }
  const StopFate fate = options_.faults->Stop(now_, stop.grace);
  if (!fate.lost) {
    Result(fate.takes, service, stopped, Due::kStopped, stop.replica);
  }
}

void World::Bring(const model::ReplicaId& replica, const model::ServiceId& service,
                  const ports::StartReplica& how, std::optional<MonoTime> ready) {
  host_.Start(replica, {service, how.role, how.version, now_, false, {}, ready, how.key, how.lease});
  if (how.role != model::Role::kShadow) {
    return;
  }
  PlantOptions plant = options_.versions.at(how.version);
  // The shadow waits for the same dependency as production does.
  const int others = std::max(0, host_.Count(model::Role::kInstance) - 1);
  plant.service_ms *= 1 + options_.contention * others;
  feeds_.Open(replica, service, plant, now());
  if (how.ttl > Micros(0)) {
    After(how.ttl + kSecond, service,
          ports::ReplicaFailed{{}, replica, WithReason(Aborted("ran longer than its ttl"), "TTL")},
          Due::kDeath, replica);
  }
}

void World::End(const model::ReplicaId& replica) {
  const auto running = host_.replicas().find(replica);
  if (running != host_.replicas().end() && running->second.role == model::Role::kShadow) {
    shadow_seconds_[replica] += ToSeconds(now_ - running->second.started);
  }
  host_.Stop(replica, now_);
  feeds_.Close(replica);
}

void World::Deliver(const Later& due) {
  switch (due.due) {
    case Due::kTell:
      break;
    case Due::kIfAlive:
      if (!host_.Runs(due.replica)) {
        return;
      }
      break;
    case Due::kFound: {
      if (due.life != life_) {
        return;
      }
      sought_.erase(due.replica);
      const auto running = host_.replicas().find(due.replica);
      const bool alive = running != host_.replicas().end();
      const MonoTime ready = alive ? running->second.ready.value_or(MonoTime::max()) : MonoTime::max();
      Step({due.event.service, ports::ReplicaFound{due.replica, alive}, 0, "world"});
      if (ready != MonoTime::max()) {
        After(std::max(Micros(0), ready - now_), due.event.service, ports::ReplicaReady{due.replica},
              Due::kIfAlive, due.replica);
      }
      return;
    }
    case Due::kDeath:
    case Due::kStopped:
    case Due::kLease:
      Meet(due);
      return;
  }
  if (due.life == life_) {
    Step(due.event);
  }
}

void World::Meet(const Later& due) {
  const bool ran = host_.Runs(due.replica);
  if (due.due == Due::kLease && due.life != life_) {
    return;  // a daemon came in time
  }
  End(due.replica);
  const bool asked = due.due == Due::kStopped && due.life == life_;
  if (due.due == Due::kLease || sought_.contains(due.replica) || (!ran && !asked)) {
    return;  // nobody is told, or what the provider finds says it
  }
  if (due.due == Due::kDeath || asked) {
    Step(due.event);
  } else {
    Step({due.event.service, ports::ReplicaFailed{{}, due.replica, Exited()}, 0, "world"});
  }
}

}  // namespace shadowd::sim
