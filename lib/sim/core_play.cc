#include "sim/core_play.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <memory>
#include <utility>

#include "control/emergency.h"
#include "sim/arrivals.h"
#include "sim/capacity_table.h"
#include "sim/scene_check.h"
#include "sim/trace.h"
#include "sim/window_production.h"
#include "sim/world.h"

namespace shadowd::sim {
namespace {

constexpr Micros kSettle = std::chrono::minutes(2);  // after the end, for what still runs
constexpr Micros kHistoryMax = std::chrono::days(15);
constexpr Micros kMeasured = std::chrono::seconds(60);  // each load of the first capacity points
constexpr std::array kMeasuredShares = {0.20, 0.33, 0.45, 0.55, 0.62, 0.68, 0.73, 0.78};

model::ServiceSpec SpecOf(const Scene& scene, CorePlayPolicy policy) {
  model::ServiceSpec spec = scene.spec;
  spec.mode = model::Mode::kAct;
  if (spec.instance.argv.empty()) {
    spec.instance.argv = {"/bin/service"};
  }
  if (spec.haproxy.socket.empty()) {  // the double of a balancer stands in for whatever there is
    spec.haproxy.socket = "/run/haproxy.sock";
  }
  if (policy == CorePlayPolicy::kForecastOnly) {
    spec.trial.policy = model::TrialPolicy::kNever;
    spec.triggers.emergency_requests = std::numeric_limits<uint64_t>::max();
  }
  return spec;
}

model::CapacityPoint Measure(const PlantOptions& options, double load, uint64_t seed) {
  Rng rng(seed);
  Plant plant(options, rng.Fork());
  Arrivals arrivals(load, MonoTime(), rng.Fork());
  const MonoTime until(kMeasured);
  while (arrivals.Peek() < until) {
    plant.Offer(arrivals.Take());
  }
  const model::KpiWindow window = plant.Collect(until, WallTime());
  model::CapacityPoint point;
  point.source = model::KpiSource::kProduction;
  point.load_rps = load;
  point.requests = static_cast<double>(window.completed);
  point.p50_us = control::QuantileOf(window.latency_us, 0.5);
  point.p95_us = control::QuantileOf(window.latency_us, 0.95);
  point.p99_us = control::QuantileOf(window.latency_us, 0.99);
  point.error_rate = static_cast<double>(window.errors) / std::max(1.0, point.requests);
  point.cpu_cores = window.cpu_seconds / ToSeconds(kMeasured);
  point.memory_bytes = window.memory_bytes;
  return point;
}

// Past demand, and what an instance of the first version showed at the loads it saw.
ports::ImportHistory HistoryOf(const Scene& scene, int instances) {
  ports::ImportHistory history;
  const Trace& past = scene.history;
  const size_t steps = past.demand_rps.size();
  const auto most = static_cast<size_t>(kHistoryMax / past.step);
  for (size_t i = steps - std::min(steps, most); i < steps; ++i) {
    if (past.demand_rps[i] >= 0) {  // not a gap
      history.demand_rps.emplace_back(past.start + past.step * static_cast<int64_t>(i), past.demand_rps[i]);
    }
  }
  PlantOptions plant = Contended(scene.plant, scene.contention, instances);
  plant.warm_up_seconds = 0;
  WallTime at = scene.trace.start - std::chrono::minutes(10);
  for (size_t i = 0; i < kMeasuredShares.size(); ++i) {
    history.points.push_back(
        Measure(plant, kMeasuredShares[i] * FullLoadRps(plant), scene.seed * 1'000'003 + i));
    history.points.back().at = at;
    history.points.back().instances = instances;
    at += kMeasured;
  }
  return history;
}

bool InOutage(const Scene& scene, Micros at) {
  return std::any_of(scene.events.begin(), scene.events.end(), [at](const SceneEvent& event) {
    return event.kind == SceneEventKind::kOutage && at > event.at && at <= event.at + event.duration;
  });
}

// Keeps, for each step of the play, the forecast that was made for it a lead time before.
class ForecastLog {
 public:
  ForecastLog(WallTime start, Micros step, size_t steps, Micros lead)
      : start_(start), step_(step), lead_(lead), made_(steps) {}

  void Add(const model::Forecast& forecast, MonoTime now) {
    const int64_t first = (now.time_since_epoch() + lead_ + step_ - Micros(1)) / step_;
    const int64_t covered = std::max<int64_t>(1, forecast.step / step_);
    for (int64_t i = first; i < first + 2 * covered && i < static_cast<int64_t>(made_.size()); ++i) {
      const WallTime at = start_ + step_ * i;
      for (const model::ForecastStep& step : forecast.steps) {
        if (step.at <= at && at < step.at + forecast.step) {
          made_[static_cast<size_t>(i)] = step;
        }
      }
    }
  }

  void Write(std::vector<PlayStep>& steps) const {
    for (size_t i = 0; i < std::min(steps.size(), made_.size()); ++i) {
      if (made_[i].at != WallTime()) {
        steps[i].expected_rps = made_[i].expected_rps;
        steps[i].lower_rps = made_[i].lower_rps;
        steps[i].upper_rps = made_[i].upper_rps;
      }
    }
  }

 private:
  WallTime start_;
  Micros step_;
  Micros lead_;
  std::vector<model::ForecastStep> made_;
};

// One play: a world, its production, and the scene's events as they fall due.
class CorePlay {
 public:
  CorePlay(const Scene& scene, CorePlayPolicy policy, LoadTable& table, int initial)
      : scene_(scene),
        policy_(policy),
        spec_(SpecOf(scene, policy)),
        forecasts_(scene.trace.start, scene.trace.step, scene.trace.demand_rps.size(), scene.start_up),
        production_(std::make_shared<WindowProduction>(scene, WithEvents(scene.trace, scene.events), Costs(),
                                                       table, Rng(scene.seed))),
        world_(Options()) {
    world_.Inherit(spec_, initial);
    Send(HistoryOf(scene, initial));
  }

  Play Run() {
    const auto steps = scene_.trace.demand_rps.size();
    std::vector<int> wanted;
    size_t next = 0;
    for (size_t i = 0; i < steps; ++i) {
      const Micros now = scene_.trace.step * static_cast<int64_t>(i);
      while (next < scene_.events.size() && scene_.events[next].at <= now) {
        Apply(scene_.events[next++]);
      }
      world_.RunFor(scene_.trace.step);
      const auto& service = world_.kept(spec_.id).service;
      wanted.push_back(service ? service->target : 0);
    }
    // Trials under way end unfinished, so that their shadows are gone and billed.
    world_.Send({model::ServiceId(), ports::Freeze{true, "the play is over"}, 0, "play"});
    world_.RunFor(kSettle);

    Play play;
    play.policy = CorePlayPolicyName(policy_);
    play.step = scene_.trace.step;
    play.steps = production_->steps();
    play.steps.resize(steps);
    for (size_t i = 0; i < steps; ++i) {
      play.steps[i].wanted = wanted[i];
    }
    forecasts_.Write(play.steps);
    Tell(play);
    return play;
  }

 private:
  static std::string Label(const model::ServiceSpec& spec, size_t deploys) {
    return deploys == 0 ? spec.version : fmt::format("{}-{}", spec.version, deploys);
  }

  // What a request costs in each version, by label.
  std::map<std::string, double> Costs() const {
    std::map<std::string, double> costs = {{Label(scene_.spec, 0), 1.0}};
    double cost = 1;
    size_t deploys = 0;
    for (const SceneEvent& event : scene_.events) {
      if (event.kind == SceneEventKind::kDeploy) {
        cost *= event.size;
        costs[Label(scene_.spec, ++deploys)] = cost;
      }
    }
    return costs;
  }

  WorldOptions Options() {
    WorldOptions options;
    for (const auto& [label, cost] : Costs()) {
      options.versions[label] = Dearer(scene_.plant, cost);
    }
    options.start_up = scene_.start_up;
    options.start_up_cv = scene_.start_up_cv;
    options.start_failure = scene_.start_failure;
    options.fails_after = scene_.start_up;
    options.contention = scene_.contention;
    options.metric_delay = scene_.metric_delay;
    options.metric_loss = scene_.metric_loss;
    options.outage = [this](MonoTime at) { return InOutage(scene_, at.time_since_epoch()); };
    options.production = production_;
    options.epoch = scene_.trace.start;
    options.on_change = [this](const ports::Mutation& mutation, MonoTime now) {
      if (const auto* forecast = std::get_if<model::Forecast>(&mutation.change)) {
        forecasts_.Add(*forecast, now);
      }
    };
    options.host.max_shadows = std::max(options.host.max_shadows, spec_.shadows.max_shadows);
    options.seed = scene_.seed;
    return options;
  }

  void Send(ports::Payload payload) { world_.Send({spec_.id, std::move(payload), 0, "play"}); }

  void Apply(const SceneEvent& event) {
    if (event.kind == SceneEventKind::kDeploy) {
      spec_.version = Label(scene_.spec, ++deploys_);
      Send(ports::ApplyService{spec_, ""});
    } else if (event.kind == SceneEventKind::kFailure) {
      const int dead = std::min(static_cast<int>(event.size), world_.instances_alive());
      production_->ExpectDeaths(dead);
      world_.Kill(spec_.id, dead);
    }  // demand and lost metrics are in the trace and the world already
  }

  void Tell(Play& play) const {
    const Kept& kept = world_.kept(spec_.id);
    for (const model::Decision& decision : world_.Decisions(spec_.id)) {
      play.decisions.push_back({decision.create_time - scene_.trace.start,
                                model::DecisionKindName(decision.kind),
                                model::TriggerKindName(decision.trigger.kind), decision.from,
                                decision.planned, decision.to, decision.reason});
    }
    for (const auto& [id, trial] : kept.trials) {
      play.shadow_seconds += trial.shadow_seconds;
    }
    play.trials = static_cast<int>(kept.trials.size());
    play.shadows_left = world_.shadows_alive();
  }

  const Scene& scene_;
  CorePlayPolicy policy_;
  model::ServiceSpec spec_;
  size_t deploys_ = 0;
  ForecastLog forecasts_;
  std::shared_ptr<WindowProduction> production_;
  World world_;
};

}  // namespace

const char* CorePlayPolicyName(CorePlayPolicy policy) {
  return policy == CorePlayPolicy::kShadowd ? "shadowd" : "forecast-only";
}

Play PlayCore(const Scene& scene, CorePlayPolicy policy, LoadTable& table, int initial) {
  return CorePlay(scene, policy, table, initial).Run();
}

Play PlayCore(const Scene& scene, CorePlayPolicy policy) {
  LoadTable table(scene.plant, scene.spec.balancing, scene.seed);
  CapacityTable capacity(scene, table);
  return PlayCore(scene, policy, table, InitialLevel(scene, capacity));
}

}  // namespace shadowd::sim
