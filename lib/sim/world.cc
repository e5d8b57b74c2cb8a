#include "sim/world.h"

#include <algorithm>
#include <utility>

#include "control/emergency.h"

namespace shadowd::sim {

namespace {

constexpr Micros kSecond = std::chrono::seconds(1);

MonoTime Following(MonoTime now, Micros step) {
  return MonoTime(now.time_since_epoch() / step * step + step);
}

}  // namespace

World::World(WorldOptions options)
    : options_(std::move(options)),
      rng_(options_.seed),
      feeds_(rng_.Fork()),
      core_(NewCore()),
      uncommitted_(options_.uncommitted_max) {
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

void World::After(Micros delay, model::ServiceId service, ports::Payload payload, Due due,
                  const model::ReplicaId& replica) {
  later_.push(
      {now_ + delay, order_++, {std::move(service), std::move(payload), 0, "world"}, life_, due, replica});
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

// As the daemon's loop does under overload.
bool World::Dropped(const ports::Event& event) {
  if (!uncommitted_.overloaded()) {
    return false;
  }
  if (event.token != 0) {
    Answer(event.token, ResourceExhausted("the control loop is overloaded; try again"));
    return true;
  }
  return std::holds_alternative<ports::ShadowWindow>(event.payload) ||
         std::holds_alternative<ports::ProductionWindow>(event.payload) ||
         std::holds_alternative<ports::HostPressure>(event.payload);
}

void World::Step(const ports::Event& event) {
  if (down() || Dropped(event)) {
    return;
  }
  ports::Outcome outcome = core_->Step(event, now());
  if (options_.on_step) {
    options_.on_step(event, now(), outcome);
  }
  Absorb(std::move(outcome));
}

void World::Absorb(ports::Outcome outcome) {
  if (options_.faults == nullptr) {
    Complete(std::move(outcome));
    return;
  }
  uncommitted_.Push(std::move(outcome), now_, *options_.faults);
  Commit();
}

void World::Commit() {
  while (std::optional<ports::Outcome> outcome = uncommitted_.Pop(now_, *options_.faults)) {
    Complete(*std::move(outcome));
  }
}

// Durable first, then what it was for. A death in between leaves the rest undone.
void World::Complete(ports::Outcome outcome) {
  if (options_.memory != nullptr && !outcome.mutations.empty()) {
    options_.memory->Commit(outcome.mutations);
  }
  for (const ports::Mutation& mutation : outcome.mutations) {
    if (const auto* frozen = std::get_if<ports::FrozenSet>(&mutation.change)) {
      frozen_ = *frozen;
    }
    if (std::holds_alternative<ports::ServiceRemoved>(mutation.change)) {
      shadow_seconds_.clear();  // its ids begin anew
    }
    kept_[mutation.service].Put(mutation.change);
    if (options_.on_change) {
      options_.on_change(mutation, now_);
    }
  }
  std::optional<Micros> dies;
  if (options_.faults != nullptr && !outcome.mutations.empty()) {
    dies = options_.faults->DiesAfterCommit(now_);
  }
  size_t done = dies ? rng_.Below(outcome.actions.size() + 1) : outcome.actions.size();
  for (const ports::Action& action : outcome.actions) {
    if (dies && done-- == 0) {
      break;
    }
    if (options_.on_effect) {
      options_.on_effect(action, now_);
    }
    Do(action);
  }
  if (dies) {
    Crash(*dies);
    return;
  }
  for (ports::Reply& reply : outcome.replies) {
    Answer(reply.token, std::move(reply.value));
  }
}

void World::Answer(ports::ReplyToken token, StatusOr<ports::ReplyValue> value) {
  if (options_.on_reply) {
    options_.on_reply(token, value);
  }
  replies_.insert_or_assign(token, std::move(value));
}

void World::Note(const std::string& line) {
  journal_.push_back(fmt::format("{:8.2f} {}", ToSeconds(now_.time_since_epoch()), line));
}

void World::ServeUsers(MonoTime from) {
  for (const model::ServiceId& service : std::set<model::ServiceId>(served_)) {
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
    if (lost || !observed_.contains(service)) {
      continue;
    }
    if (options_.faults == nullptr) {
      After(options_.metric_delay, service, std::move(window));
      continue;
    }
    for (const Micros late : options_.faults->Deliver(now_)) {
      After(options_.metric_delay + late, service, window);
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
    if (options_.faults == nullptr) {
      After(Micros(0), seen.service, std::move(seen.window));
      continue;
    }
    for (const Micros late : options_.faults->Deliver(now_)) {
      After(late, seen.service, seen.window);
    }
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
  for (const std::optional<MonoTime>& due : {timer_, down_until_, uncommitted_.Next()}) {
    if (due) {
      next = std::min(next, std::max(now_, *due));
    }
  }
  return next;
}

void World::RunFor(Micros duration) {
  const MonoTime end = now_ + duration;
  const Micros step = options_.production->step();
  while (now_ < end) {
    const MonoTime before = now_;
    now_ = NextMoment(end);
    if (down_until_ && *down_until_ <= now_) {
      Revive();
    }
    if (options_.faults != nullptr) {
      Commit();
    }
    if (timer_ && *timer_ <= now_) {
      timer_.reset();
      Step({model::ServiceId(), ports::TimerFired{}, 0, "timer"});
    }
    while (!later_.empty() && later_.top().at <= now_) {
      const Later due = later_.top();
      later_.pop();
      Deliver(due);
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
