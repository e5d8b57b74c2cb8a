#include "sim/day.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numbers>
#include <utility>

#include "control/emergency.h"
#include "sim/arrivals.h"
#include "sim/day_callers.h"
#include "sim/window_production.h"
#include "sim/world.h"

namespace shadowd::sim {
namespace {

constexpr Micros kWindow = std::chrono::minutes(5);
constexpr Micros kLook = std::chrono::seconds(15);
constexpr Micros kRest = std::chrono::minutes(30);  // the latest for a moment of rest, after the quiet time
constexpr Micros kHeld = std::chrono::minutes(30);  // the last of it, in which the SLO must hold
constexpr double kHeldShare = 0.75;
constexpr int kHistoryDays = 2;

const std::map<std::string, double>& Costs() {
  static const std::map<std::string, double> costs = {{"1", 1.0}, {"2", 1.3}, {"3", 0.8}};
  return costs;
}

// Two humps a day, between 30 and 100 requests/s, with noise of its own for each seed.
double DemandAt(double hours, double noise) {
  const double phase = 2 * std::numbers::pi * hours / 24;
  return (75 - 35 * std::cos(phase) - 10 * std::cos(2 * phase)) * (1 + 0.04 * noise);
}

Trace DemandOf(const DayOptions& options, Micros length, Rng rng) {
  Trace trace;
  trace.name = "day";
  trace.step = kWindow;
  trace.start = WallTime(std::chrono::hours(24 * 365 * 50));
  for (Micros at{0}; at < length; at += kWindow) {
    trace.demand_rps.push_back(DemandAt(ToSeconds(at) / 3600, rng.Normal()));
  }
  const uint64_t surges = rng.Below(4);
  for (uint64_t i = 0; i < surges; ++i) {
    const double from = rng.Uniform() * ToSeconds(options.length) * 0.9;
    const double lasts = 300 + rng.Exponential(1200);
    const double size = 1.3 + 1.2 * rng.Uniform();
    for (size_t step = 0; step < trace.demand_rps.size(); ++step) {
      const double at = static_cast<double>(step) * ToSeconds(kWindow);
      const bool faults_over = at >= ToSeconds(options.length);
      trace.demand_rps[step] *= at >= from && at < from + lasts && !faults_over ? size : 1;
    }
  }
  return trace;
}

std::vector<model::CapacityPoint> MeasuredBefore(WallTime at) {
  static constexpr double kShares[] = {0.2, 0.35, 0.5, 0.6, 0.68, 0.75, 0.8};
  static const std::vector<model::CapacityPoint> measured = [] {
    std::vector<model::CapacityPoint> points;
    for (const double share : kShares) {
      const double load = share * FullLoadRps(DayPlant());
      Rng rng(static_cast<uint64_t>(share * 1000));
      Plant plant(DayPlant(), rng.Fork());
      Arrivals arrivals(load, MonoTime(), rng.Fork());
      const MonoTime until(std::chrono::minutes(2));
      while (arrivals.Peek() < until) {
        plant.Offer(arrivals.Take());
      }
      const model::KpiWindow window = plant.Collect(until, WallTime());
      model::CapacityPoint point;
      point.instances = 4;
      point.load_rps = load;
      point.requests = static_cast<double>(window.completed);
      point.p50_us = control::QuantileOf(window.latency_us, 0.5);
      point.p95_us = control::QuantileOf(window.latency_us, 0.95);
      point.p99_us = control::QuantileOf(window.latency_us, 0.99);
      point.cpu_cores = window.cpu_seconds / 120;
      point.memory_bytes = window.memory_bytes;
      points.push_back(point);
    }
    return points;
  }();
  std::vector<model::CapacityPoint> points = measured;
  for (size_t i = 0; i < points.size(); ++i) {
    points[i].at = at - std::chrono::minutes(5 * static_cast<int64_t>(points.size() - i));
  }
  return points;
}

ports::ImportHistory HistoryBefore(WallTime start, Rng rng) {
  ports::ImportHistory history;
  const Micros step = DaySpec().forecast.resolution;
  const int64_t steps = std::chrono::hours(24 * kHistoryDays) / step;
  for (int64_t i = steps; i > 0; --i) {
    const Micros back = step * i;
    history.demand_rps.emplace_back(start - back, DemandAt(-ToSeconds(back) / 3600, 0.5 * rng.Normal()));
  }
  history.points = MeasuredBefore(start);
  return history;
}

class Day {
 public:
  Day(const DayOptions& options, LoadTable& table)
      : options_(options),
        rng_(options.seed),
        faults_(std::make_shared<Faults>(options.faults, options.length, rng_.Next())),
        rules_(DaySpec().id),
        callers_(rng_.Fork()),
        world_(MakeOptions(table)) {
    rules_.Watch(world_);
  }

  DayReport Run() {
    callers_.KeepApplied(world_);
    const auto history = HistoryBefore(world_.now().wall, rng_.Fork());
    RunTo(MonoTime(std::chrono::minutes(2)));
    world_.Send({callers_.spec().id, history, 0, "day"});
    BadTime();
    RunTo(std::max(world_.now().mono, faults_->over()) + options_.quiet - kHeld);
    const double before = world_.violation_seconds();
    RunTo(world_.now().mono + kHeld);
    ComeToRest();
    const double over = world_.violation_seconds() - before;
    if (over > (1 - kHeldShare) * ToSeconds(kHeld)) {
      rules_.Report("level-holds", fmt::format("{:.0f} of the last {:.0f} s over the SLO with {} instances",
                                               over, ToSeconds(kHeld), world_.instances_alive()));
    }
    return Tell();
  }

 private:
  WorldOptions MakeOptions(LoadTable& table) {
    Scene scene;
    scene.spec = DaySpec();
    scene.plant = DayPlant();
    const Micros length = options_.length + options_.quiet + 2 * kRest;
    WorldOptions options;
    options.production = std::make_shared<WindowProduction>(scene, DemandOf(options_, length, rng_.Fork()),
                                                            Costs(), table, rng_.Fork());
    for (const auto& [label, cost] : Costs()) {
      options.versions[label] = Dearer(DayPlant(), cost);
    }
    options.start_up = std::chrono::seconds(25);
    options.start_up_cv = 0.2;
    options.faults = faults_;
    options.memory = options_.memory;
    options.uncommitted_max = 1000;
    options.host.max_shadows = 5;
    options.seed = rng_.Next();
    options.on_step = [this](const ports::Event& event, Now now, const ports::Outcome& outcome) {
      ++report_.steps;
      rules_.OnStep(event, now, outcome);
    };
    options.on_change = [this](const ports::Mutation& mutation, MonoTime) { rules_.OnChange(mutation); };
    options.on_effect = [this](const ports::Action& action, MonoTime) {
      report_.starts += std::holds_alternative<ports::StartReplica>(action.effect) ? 1 : 0;
      rules_.OnEffect(action);
    };
    options.on_reply = [this](ports::ReplyToken token, const auto&) { rules_.OnReply(token); };
    options.on_recall = [this](const Recalled& recalled) { rules_.OnRecall(recalled); };
    return options;
  }

  void RunTo(MonoTime end) {
    while (world_.now().mono < end) {
      world_.RunFor(std::min<Micros>(kLook, end - world_.now().mono));
      rules_.LookAround();
      MeetTrial();
    }
  }

  // Callers, deaths and jumps of the clock are rare and trials short: some of them meet.
  void MeetTrial() {
    const control::ServiceMachine* machine = world_.core().Find(callers_.spec().id);
    const bool trial = machine != nullptr && machine->phase() == control::Phase::kTrialling;
    if (!trial || world_.now().mono >= faults_->over() || rng_.Uniform() >= options_.call_in_trial) {
      return;
    }
    switch (rng_.Below(4)) {
      case 0:
        world_.JumpWallClock(FromSeconds(600 * rng_.Normal()));
        break;
      case 1:  // often back before the leases end
        world_.Crash(FromSeconds(rng_.Exponential(8)));
        break;
      default:
        callers_.Call(world_);
        break;
    }
  }

  // Until the faults are over: whatever is due next.
  void BadTime() {
    size_t next_blow = 0;
    MonoTime call = world_.now().mono;
    const double gap = 3600 / options_.calls_per_hour;
    while (world_.now().mono < faults_->over()) {
      const std::vector<Blow>& blows = faults_->blows();
      const MonoTime blow = next_blow < blows.size() ? blows[next_blow].at : faults_->over();
      RunTo(std::min({blow, call, faults_->over()}));
      if (next_blow < blows.size() && world_.now().mono >= blow) {
        Strike(blows[next_blow++]);
      }
      if (world_.now().mono >= call) {
        callers_.KeepApplied(world_);
        callers_.Call(world_);
        call = world_.now().mono + FromSeconds(rng_.Exponential(gap));
      }
    }
    while (world_.down()) {
      RunTo(world_.now().mono + kLook);
    }
    callers_.Settle(world_);
    while (world_.core().Find(callers_.spec().id) == nullptr) {
      RunTo(world_.now().mono + kLook);
      callers_.Settle(world_);
    }
    if (world_.core().Find(callers_.spec().id)->service().deleting) {
      RunTo(world_.now().mono + std::chrono::minutes(10));
      callers_.Settle(world_);
    }
  }

  void Strike(const Blow& blow) {
    const model::ServiceId& service = callers_.spec().id;
    switch (blow.kind) {
      case BlowKind::kCrash:
        if (!world_.down()) {
          world_.Crash(blow.size);
        }
        break;
      case BlowKind::kClockJump:
        world_.JumpWallClock(blow.size);
        break;
      case BlowKind::kDeaths:
        world_.Kill(service, 1 + static_cast<int>(rng_.Below(3)));
        break;
      case BlowKind::kSilentDeath:
        world_.KillSilently(service);
        break;
      case BlowKind::kForgottenPool:
        world_.ForgetServers(service);
        break;
      case BlowKind::kStray:
        world_.Hear({service, ports::ReplicaFound{model::ReplicaId("shop-i999999"), true}, 0, "world"});
        HearOfStrayStart(service);
        break;
    }
  }

  void HearOfStrayStart(const model::ServiceId& service) {
    ports::ReplicaStarted started;
    started.key = model::IntentKey("shop-i999998/START_REPLICA/1");
    started.replica = model::ReplicaId("shop-i999998");
    world_.Hear({service, started, 0, "world"});
  }

  void ComeToRest() {
    const model::ServiceId& service = callers_.spec().id;
    world_.RunUntil(
        [&](const World& world) {
          const control::ServiceMachine* machine = world.core().Find(service);
          return machine != nullptr && machine->phase() == control::Phase::kIdle &&
                 machine->fleet().Converged() && world.shadows_alive() == 0 &&
                 world.core().arbiter().shadows() == 0 && world.commits().size() == 0;
        },
        kRest);
    rules_.AtRest();
  }

  DayReport Tell() {
    const Kept& kept = world_.kept(callers_.spec().id);
    report_.violations = rules_.violations();
    const std::vector<std::string>& journal = world_.journal();
    report_.journal.assign(
        journal.end() - static_cast<std::ptrdiff_t>(std::min(journal.size(), options_.journal_lines)),
        journal.end());
    report_.deaths = static_cast<int>(world_.life() / 2);
    report_.trials = static_cast<int>(kept.trials.size());
    report_.decisions = static_cast<int>(kept.decisions.size());
    report_.disk_refusals = world_.commits().refusals();
    for (const auto& [id, seconds] : world_.shadow_seconds()) {
      report_.shadow_seconds += seconds;
    }
    return std::move(report_);
  }

  const DayOptions& options_;
  Rng rng_;
  std::shared_ptr<Faults> faults_;
  DayReport report_;
  Invariants rules_;
  DayCallers callers_;
  World world_;
};

}  // namespace

PlantOptions DayPlant() {
  PlantOptions plant;
  plant.service_ms = 200;
  plant.cpu_ms = 2;
  return plant;
}

LoadTable DayTable() {
  return LoadTable(DayPlant(), DaySpec().balancing, 1);
}

DayReport PlayDay(const DayOptions& options, LoadTable& table) {
  return Day(options, table).Run();
}

std::string Describe(const DayOptions& options, const DayReport& report) {
  std::string text = fmt::format("seed {}:\n", options.seed);
  for (const Violation& violation : report.violations) {
    text += fmt::format("  broken: {} at {:.1f} s: {}\n", violation.rule,
                        ToSeconds(violation.at.time_since_epoch()), violation.what);
  }
  text += fmt::format("the last of {} transitions' worth of journal:\n", report.journal.size());
  for (const std::string& line : report.journal) {
    text += "  " + line + "\n";
  }
  return text;
}

}  // namespace shadowd::sim
