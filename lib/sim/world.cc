#include "sim/world.h"

#include <algorithm>
#include <utility>

#include "control/emergency.h"
#include "forecast/forecaster.h"

namespace shadowd::sim {

using model::IntentKind;
using model::ReplicaState;

namespace {

constexpr Micros kSecond = std::chrono::seconds(1);
constexpr Micros kSoon = std::chrono::milliseconds(20);

}  // namespace

World::World(WorldOptions options)
    : options_(std::move(options)),
      rng_(options_.seed),
      core_(
          std::make_unique<control::Core>(control::CoreOptions{.host = options_.host, .services_max = 100})) {
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

int World::shadows_alive() const {
  return static_cast<int>(std::count_if(replicas_.begin(), replicas_.end(), [](const auto& item) {
    return item.second.role == model::Role::kShadow;
  }));
}

int World::instances_alive() const {
  return static_cast<int>(replicas_.size()) - shadows_alive();
}

void World::After(Micros delay, model::ServiceId service, ports::Payload payload) {
  later_.push({now_ + delay, order_++, {std::move(service), std::move(payload), 0, "world"}, life_});
}

std::optional<StatusOr<ports::ReplyValue>> World::Send(ports::Event event) {
  event.token = next_token_++;
  const ports::ReplyToken token = event.token;
  Absorb(core_->Step(event, now()));
  const auto reply = replies_.find(token);
  if (reply == replies_.end()) {
    return std::nullopt;
  }
  StatusOr<ports::ReplyValue> value = std::move(reply->second);
  replies_.erase(reply);
  return value;
}

void World::Absorb(ports::Outcome outcome) {
  for (const ports::Mutation& mutation : outcome.mutations) {
    Keep(mutation);
  }
  for (const ports::Action& action : outcome.actions) {
    Do(action);
  }
  for (ports::Reply& reply : outcome.replies) {
    replies_.insert_or_assign(reply.token, std::move(reply.value));
  }
}

void World::Keep(const ports::Mutation& mutation) {
  Kept& kept = kept_[mutation.service];
  std::visit(
      [&](const auto& change) {
        using T = std::decay_t<decltype(change)>;
        if constexpr (std::is_same_v<T, model::Service>) {
          kept.service = change;
          specs_[change.spec.id] = change.spec;
        } else if constexpr (std::is_same_v<T, ports::ServiceRemoved>) {
          specs_.erase(change.id);
          kept = Kept();
        } else if constexpr (std::is_same_v<T, model::Instance>) {
          kept.instances[change.id] = change;
        } else if constexpr (std::is_same_v<T, model::Shadow>) {
          kept.shadows[change.id] = change;
        } else if constexpr (std::is_same_v<T, model::Trial>) {
          kept.trials[change.id] = change;
        } else if constexpr (std::is_same_v<T, model::Decision>) {
          kept.decisions[change.id] = change;
        } else if constexpr (std::is_same_v<T, model::Intent>) {
          kept.intents[change.key] = change;
        } else if constexpr (std::is_same_v<T, model::ModelVersion>) {
          kept.models.push_back(change);
        } else if constexpr (std::is_same_v<T, model::LedgerEntry>) {
          kept.ledger.push_back(change);
        } else if constexpr (std::is_same_v<T, model::Forecast>) {
          kept.forecast = change;
        } else if constexpr (std::is_same_v<T, ports::DemandRecorded>) {
          kept.demand_rps.emplace_back(change.at, change.rps);
        } else if constexpr (std::is_same_v<T, ports::SequenceSet>) {
          kept.next_sequence = change.next;
        }
      },
      mutation.change);
}

void World::Do(const ports::Action& action) {
  const model::ServiceId& service = action.service;
  if (const auto* start = std::get_if<ports::StartReplica>(&action.effect)) {
    Start(service, *start);
  } else if (const auto* stop = std::get_if<ports::StopReplica>(&action.effect)) {
    replicas_.erase(stop->replica);
    After(kSoon, service, ports::ReplicaStopped{stop->key, stop->replica});
  } else if (const auto* add = std::get_if<ports::AddServer>(&action.effect)) {
    const auto found = replicas_.find(add->replica);
    const bool there = found != replicas_.end();
    if (there) {
      found->second.in_balancer = true;
    }
    After(kSoon, service,
          ports::ServerChanged{add->key, IntentKind::kAddServer, add->replica,
                               there ? Status() : Unavailable("no such replica")});
  } else if (const auto* drain = std::get_if<ports::DrainServer>(&action.effect)) {
    if (const auto found = replicas_.find(drain->replica); found != replicas_.end()) {
      found->second.in_balancer = false;
    }
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
    Feed(service, *traffic);
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
  const auto version = options_.versions.find(start.version);
  const bool running =
      replicas_.contains(start.replica);  // asked again after a restart: it is reported, not started
  if (!running && (version == options_.versions.end() || rng_.Uniform() < options_.start_failure)) {
    After(kSoon, service,
          ports::ReplicaFailed{start.key, start.replica,
                               WithReason(Unavailable("exited with code 1"), "EXITED")});
    return;
  }
  if (!running) {
    Replica replica;
    replica.service = service;
    replica.role = start.role;
    replica.plant = std::make_unique<Plant>(version->second, rng_.Fork());
    replica.plant->Collect(now_, now().wall);
    replicas_[start.replica] = std::move(replica);
  }
  ports::ReplicaStarted started{
      start.key, start.replica, {1000 + static_cast<int64_t>(order_), 1, "sim"}, "127.0.0.1:1"};
  After(kSoon, service, std::move(started));
  const Micros up(
      static_cast<int64_t>(static_cast<double>(options_.start_up.count()) * (0.95 + 0.1 * rng_.Uniform())));
  After(kSoon + (running ? kSoon : up), service, ports::ReplicaReady{start.replica});
}

void World::Feed(const model::ServiceId& service, const ports::SetTraffic& traffic) {
  for (auto& [id, replica] : replicas_) {
    if (replica.service != service || replica.role != model::Role::kShadow) {
      continue;
    }
    const auto feed = std::find_if(traffic.feeds.begin(), traffic.feeds.end(),
                                   [&](const auto& f) { return f.shadow == id; });
    if (feed == traffic.feeds.end() || feed->rate_rps <= 0) {
      replica.feed.reset();
    } else if (replica.feed) {
      replica.feed->SetRate(feed->rate_rps);
    } else {
      replica.feed.emplace(feed->rate_rps, now_, rng_.Fork());
    }
  }
}

ports::ProductionWindow World::ServeUsers(MonoTime from, MonoTime to) {
  std::vector<std::pair<model::ReplicaId, Plant*>> serving;
  for (auto& [id, replica] : replicas_) {
    if (replica.role == model::Role::kInstance && replica.in_balancer) {
      serving.emplace_back(id, replica.plant.get());
    }
  }
  ports::ProductionWindow window;
  const WallTime label(kEpoch + from.time_since_epoch());
  const double rate = std::max(1e-3, options_.demand_rps(ToSeconds(from.time_since_epoch())));
  uint64_t refused = 0;
  Arrivals users(rate, from, rng_.Fork());
  while (users.Peek() < to) {
    const MonoTime at = users.Take();
    if (serving.empty()) {
      ++refused;
    } else {
      serving[rng_.Below(serving.size())].second->Offer(at);
    }
  }
  window.service.start = label;
  window.service.length = to - from;
  window.service.offered = refused;
  window.service.completed = refused;
  window.service.errors = refused;
  for (const auto& [id, plant] : serving) {
    model::KpiWindow own = plant->Collect(to, label);
    window.service.offered += own.offered;
    window.service.completed += own.completed;
    window.service.errors += own.errors;
    window.service.latency_us.insert(window.service.latency_us.end(), own.latency_us.begin(),
                                     own.latency_us.end());
    window.instances.push_back({id, std::move(own)});
    window.server_names.push_back(id.str());
  }
  window.serving = static_cast<int>(serving.size());
  return window;
}

void World::FeedShadows(MonoTime from, MonoTime to) {
  std::vector<model::ReplicaId> crashed;
  for (auto& [id, replica] : replicas_) {
    if (replica.role != model::Role::kShadow) {
      continue;
    }
    if (options_.shadow_crash > 0 && rng_.Uniform() < options_.shadow_crash) {
      crashed.push_back(id);
      continue;
    }
    if (!replica.feed) {
      continue;
    }
    uint64_t sent = 0;
    while (replica.feed->Peek() < to) {
      replica.plant->Offer(replica.feed->Take());
      ++sent;
    }
    model::KpiWindow window = replica.plant->Collect(to, WallTime(kEpoch + from.time_since_epoch()));
    window.synthetic = sent;
    After(Micros(0), replica.service, ports::ShadowWindow{id, std::move(window)});
  }
  for (const model::ReplicaId& id : crashed) {
    After(Micros(0), replicas_[id].service,
          ports::ReplicaFailed{{}, id, WithReason(Aborted("killed by signal 11"), "EXITED")});
    replicas_.erase(id);
  }
}

void World::Second() {
  const MonoTime from = now_ - kSecond;
  for (const model::ServiceId& service : observed_) {
    ports::ProductionWindow window = ServeUsers(from, now_);
    instance_seconds_ += window.serving;
    if (window.serving > 0 && specs_.contains(service) &&
        control::OverSlo(window.service, specs_[service].slo)) {
      violation_seconds_ += 1;
    }
    After(Micros(0), service, std::move(window));
  }
  FeedShadows(from, now_);
}

void World::RunFor(Micros duration) {
  const MonoTime end = now_ + duration;
  while (now_ < end) {
    MonoTime second(now_.time_since_epoch() / kSecond * kSecond + kSecond);
    MonoTime next = std::min(end, second);
    if (!later_.empty()) {
      next = std::min(next, std::max(now_, later_.top().at));
    }
    if (timer_) {
      next = std::min(next, std::max(now_, *timer_));
    }
    now_ = next;
    if (timer_ && *timer_ <= now_) {
      timer_.reset();
      Absorb(core_->Step({model::ServiceId(), ports::TimerFired{}, 0, "timer"}, now()));
    }
    while (!later_.empty() && later_.top().at <= now_) {
      const Later due = later_.top();
      later_.pop();
      if (due.life == life_) {
        Absorb(core_->Step(due.event, now()));
      }
    }
    if (now_ == second) {
      Second();
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

void World::Restart() {
  ++life_;
  timer_.reset();
  observed_.clear();
  core_ = std::make_unique<control::Core>(control::CoreOptions{.host = options_.host, .services_max = 100});
  for (auto& [id, replica] : replicas_) {
    replica.feed.reset();
  }
  for (const auto& [id, kept] : std::map<model::ServiceId, Kept>(kept_)) {
    if (!kept.service) {
      continue;
    }
    ports::Restored restored;
    restored.service = *kept.service;
    restored.next_sequence = kept.next_sequence;
    restored.models = kept.models;
    restored.demand_rps = kept.demand_rps;
    std::vector<model::ReplicaId> known;
    for (const auto& [replica, instance] : kept.instances) {
      if (instance.state != ReplicaState::kStopped && instance.state != ReplicaState::kFailed) {
        restored.instances.push_back(instance);
        known.push_back(replica);
      }
    }
    for (const auto& [replica, shadow] : kept.shadows) {
      if (shadow.state != ReplicaState::kStopped && shadow.state != ReplicaState::kFailed) {
        restored.shadows.push_back(shadow);
        known.push_back(replica);
      }
    }
    for (const auto& [trial, value] : kept.trials) {
      if (!model::TrialEnded(value.state)) {
        restored.open_trials.push_back(value);
      }
    }
    for (const auto& [decision, value] : kept.decisions) {
      if (value.state == model::DecisionState::kTesting || value.state == model::DecisionState::kApplying ||
          value.state == model::DecisionState::kAdvised) {
        restored.open_decisions.push_back(value);
      }
    }
    for (const auto& [key, intent] : kept.intents) {
      if (intent.state == model::IntentState::kPending) {
        restored.pending_intents.push_back(intent);
      }
    }
    Absorb(core_->Step({id, std::move(restored), 0, "restart"}, now()));
    for (const model::ReplicaId& replica : known) {
      After(kSoon, id, ports::ReplicaFound{replica, replicas_.contains(replica)});
    }
  }
}

}  // namespace shadowd::sim
