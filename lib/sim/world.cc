#include "sim/world.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "control/emergency.h"
#include "forecast/forecaster.h"

namespace shadowd::sim {

using model::IntentKind;

namespace {

constexpr Micros kSecond = std::chrono::seconds(1);
constexpr Micros kSoon = std::chrono::milliseconds(20);

MonoTime Following(MonoTime now, Micros step) {
  return MonoTime(now.time_since_epoch() / step * step + step);
}

}  // namespace

World::World(WorldOptions options)
    : options_(std::move(options)), rng_(options_.seed), feeds_(rng_.Fork()), core_(NewCore()) {
  if (options_.production == nullptr) {
    options_.production =
        std::make_shared<RequestProduction>(options_.demand_rps, options_.versions, rng_.Fork());
  }
}

std::unique_ptr<control::Core> World::NewCore() const {
  return std::make_unique<control::Core>(control::CoreOptions{.host = options_.host, .services_max = 100});
}

const Kept& World::kept(const model::ServiceId& service) const {
  static const Kept kNothing;
  const auto found = kept_.find(service);
  return found == kept_.end() ? kNothing : found->second;
}

std::vector<model::Decision> World::Decisions(const model::ServiceId& service) const {
  std::vector<model::Decision> decisions;
  for (const auto& [id, decision] : kept(service).decisions) {
    decisions.push_back(decision);
  }
  std::sort(decisions.begin(), decisions.end(),
            [](const auto& a, const auto& b) { return a.create_time < b.create_time; });
  return decisions;
}

void World::After(Micros delay, model::ServiceId service, ports::Payload payload) {
  later_.push({now_ + delay, order_++, {std::move(service), std::move(payload), 0, "world"}, life_});
}

std::optional<StatusOr<ports::ReplyValue>> World::Send(ports::Event event) {
  event.token = next_token_++;
  const ports::ReplyToken token = event.token;
  Step(event);
  const auto reply = replies_.find(token);
  if (reply == replies_.end()) {
    return std::nullopt;
  }
  StatusOr<ports::ReplyValue> value = std::move(reply->second);
  replies_.erase(reply);
  return value;
}

void World::Step(const ports::Event& event) {
  ports::Outcome outcome = core_->Step(event, now());
  if (options_.on_step) {
    options_.on_step(event, now(), outcome);
  }
  Absorb(std::move(outcome));
}

void World::Absorb(ports::Outcome outcome) {
  for (const ports::Mutation& mutation : outcome.mutations) {
    kept_[mutation.service].Put(mutation.change);
    if (options_.on_change) {
      options_.on_change(mutation, now_);
    }
  }
  for (const ports::Action& action : outcome.actions) {
    Do(action);
  }
  for (ports::Reply& reply : outcome.replies) {
    replies_.insert_or_assign(reply.token, std::move(reply.value));
  }
}

void World::Do(const ports::Action& action) {
  const model::ServiceId& service = action.service;
  if (const auto* start = std::get_if<ports::StartReplica>(&action.effect)) {
    Start(service, *start);
  } else if (const auto* stop = std::get_if<ports::StopReplica>(&action.effect)) {
    End(stop->replica);
    After(kSoon, service, ports::ReplicaStopped{stop->key, stop->replica});
  } else if (const auto* add = std::get_if<ports::AddServer>(&action.effect)) {
    const Status joined = host_.Join(add->replica, now_) ? Status() : Unavailable("no such replica");
    After(kSoon, service, ports::ServerChanged{add->key, IntentKind::kAddServer, add->replica, joined});
  } else if (const auto* drain = std::get_if<ports::DrainServer>(&action.effect)) {
    host_.Leave(drain->replica, now_);
    After(kSecond, service,
          ports::ServerChanged{drain->key, IntentKind::kDrainServer, drain->replica, Status()});
  } else if (const auto* remove = std::get_if<ports::RemoveServer>(&action.effect)) {
    After(kSoon, service,
          ports::ServerChanged{remove->key, IntentKind::kRemoveServer, remove->replica, Status()});
  } else if (std::holds_alternative<ports::ObserveProduction>(action.effect)) {
    observed_.insert(service);
  } else if (std::holds_alternative<ports::StopObserving>(action.effect)) {
    observed_.erase(service);
  } else if (const auto* traffic = std::get_if<ports::SetTraffic>(&action.effect)) {
    feeds_.Set(service, *traffic, now_);
  } else if (const auto* fit = std::get_if<ports::FitForecast>(&action.effect)) {
    auto fitted = std::make_shared<const forecast::Fit>(forecast::FitModels(*fit->input));
    After(kSoon, service, ports::ForecastFitted{std::move(fitted)});
  } else if (const auto* timer = std::get_if<ports::ArmTimer>(&action.effect)) {
    timer_ = timer->at;
  } else if (const auto* log = std::get_if<ports::LogTransition>(&action.effect)) {
    journal_.push_back(fmt::format("{:8.2f} {}", ToSeconds(now_.time_since_epoch()), log->line));
  }
}

void World::Start(const model::ServiceId& service, const ports::StartReplica& start) {
  const bool running = host_.Runs(start.replica);  // asked again after a restart: reported, not started
  const bool known = options_.versions.contains(start.version);
  const bool fails = !running && (!known || rng_.Uniform() < options_.start_failure);
  if (!running && known) {
    Bring(start.replica, service, start.role, start.version);
  }
  if (fails) {
    After(known ? options_.fails_after : kSoon, service,
          ports::ReplicaFailed{start.key, start.replica,
                               WithReason(Unavailable("exited with code 1"), "EXITED")});
    return;
  }
  ports::ReplicaStarted started{
      start.key, start.replica, {1000 + static_cast<int64_t>(order_), 1, "sim"}, "127.0.0.1:1"};
  After(kSoon, service, std::move(started));
  const double spread = std::sqrt(12.0) * options_.start_up_cv * (rng_.Uniform() - 0.5);
  const Micros up = FromSeconds(ToSeconds(options_.start_up) * std::max(0.0, 1 + spread));
  After(kSoon + (running ? kSoon : up), service, ports::ReplicaReady{start.replica});
}

void World::Bring(const model::ReplicaId& replica, const model::ServiceId& service, model::Role role,
                  const std::string& version) {
  host_.Start(replica, {service, role, version, now_, false, {}});
  if (role == model::Role::kShadow) {
    PlantOptions plant = options_.versions.at(version);
    plant.service_ms *= 1 + options_.contention * std::max(0, instances_alive() - 1);
    feeds_.Open(replica, service, plant, now());
  }
}

void World::End(const model::ReplicaId& replica) {
  host_.Stop(replica, now_);
  feeds_.Close(replica);
}

void World::ServeUsers(MonoTime from) {
  for (const model::ServiceId& service : observed_) {
    const ReplicaHost::Account account = host_.CloseWindow(service, from, now_);
    ports::ProductionWindow window = options_.production->Serve(service, from, now_, WallAt(from), account);
    for (const Turn& turn : account.turns) {
      if (turn.still) {
        window.server_names.push_back(turn.id.str());
      }
    }
    window.serving = static_cast<int>(window.server_names.size());
    instance_seconds_ += window.serving * ToSeconds(now_ - from);
    const std::optional<model::Service>& kept = kept_[service].service;
    if (window.serving > 0 && kept && control::OverSlo(window.service, kept->spec.slo)) {
      violation_seconds_ += ToSeconds(now_ - from);
    }
    const bool lost = (options_.outage && options_.outage(now_)) ||
                      (options_.metric_loss > 0 && rng_.Uniform() < options_.metric_loss);
    if (!lost) {
      After(options_.metric_delay, service, std::move(window));
    }
  }
}

void World::FeedShadows() {
  std::vector<model::ReplicaId> crashed;
  for (const auto& [id, replica] : host_.replicas()) {
    if (options_.shadow_crash > 0 && replica.role == model::Role::kShadow &&
        rng_.Uniform() < options_.shadow_crash) {
      crashed.push_back(id);
    }
  }
  for (const model::ReplicaId& id : crashed) {
    After(Micros(0), host_.replicas().at(id).service,
          ports::ReplicaFailed{{}, id, WithReason(Aborted("killed by signal 11"), "EXITED")});
    End(id);
  }
  for (ShadowFeeds::Seen& seen : feeds_.Serve(now_, WallAt(now_ - kSecond))) {
    After(Micros(0), seen.service, std::move(seen.window));
  }
}

MonoTime World::NextMoment(MonoTime end) const {
  MonoTime next = std::min(end, Following(now_, options_.production->step()));
  if (!feeds_.empty()) {
    next = std::min(next, Following(now_, kSecond));
  }
  if (!later_.empty()) {
    next = std::min(next, std::max(now_, later_.top().at));
  }
  if (timer_) {
    next = std::min(next, std::max(now_, *timer_));
  }
  return next;
}

void World::RunFor(Micros duration) {
  const MonoTime end = now_ + duration;
  const Micros step = options_.production->step();
  while (now_ < end) {
    const MonoTime before = now_;
    now_ = NextMoment(end);
    if (timer_ && *timer_ <= now_) {
      timer_.reset();
      Step({model::ServiceId(), ports::TimerFired{}, 0, "timer"});
    }
    while (!later_.empty() && later_.top().at <= now_) {
      const Later due = later_.top();
      later_.pop();
      const auto* failed = std::get_if<ports::ReplicaFailed>(&due.event.payload);
      if (failed != nullptr) {
        End(failed->replica);  // whoever watches: a death is seen in any life
      }
      if (due.life == life_ || failed != nullptr) {
        Step(due.event);
      }
    }
    if (now_ > before && now_ == Following(before, step)) {
      ServeUsers(now_ - step);
    }
    if (now_ > before && now_ == Following(before, kSecond)) {
      FeedShadows();
    }
  }
}

bool World::RunUntil(const std::function<bool(const World&)>& met, Micros at_most) {
  const MonoTime end = now_ + at_most;
  while (!met(*this)) {
    if (now_ >= end) {
      return false;
    }
    RunFor(std::chrono::milliseconds(50));
  }
  return true;
}

}  // namespace shadowd::sim
