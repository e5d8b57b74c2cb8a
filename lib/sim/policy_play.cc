#include "sim/policy_play.h"

#include <algorithm>
#include <cmath>
#include <deque>
#include <limits>
#include <vector>

#include "sim/trace.h"
#include "sim/window_plant.h"

namespace shadowd::sim {
namespace {

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
constexpr Micros kLongAgo = -std::chrono::hours(24);       // when those that serve at the start were started
constexpr Micros kMetricValid = std::chrono::seconds(30);  // a metrics server drops what is older
constexpr double kShortestStart = 0.1;                     // of the mean

DemandLog LogOf(const Scene& scene) {
  DemandLog log;
  log.step = scene.trace.step;
  log.start = scene.trace.start;
  if (scene.history.step == log.step) {
    log.start -= log.step * static_cast<int64_t>(scene.history.demand_rps.size());
    log.demand_rps = scene.history.demand_rps;
  }
  const double cost = FactsOf(scene).cpu_seconds_per_request;
  for (const double rps : log.demand_rps) {
    log.cpu_cores.push_back(rps * cost);
  }
  return log;
}

class Player {
 public:
  Player(const Scene& scene, Policy& policy, LoadTable& table, int initial);

  Play Run();

 private:
  struct Start {
    Micros at{0};
    Micros until{0};
    bool fails = false;
  };
  struct Serving {
    Micros started_at{0}, ready_at{0};
    bool measured = false;
    Micros window_start{0};
    double utilisation = 0, demand_rps = 0;
  };
  struct Metrics {  // of a window, on their way
    Micros start{0}, due{0};
    bool lost = false;
    double demand_rps = 0, cpu_cores = 0, utilisation = 0, instance_rps = 0;
  };

  void Happen();
  void FinishStarts();
  void Arrive();
  void Ask();
  void Follow();
  void Order(Micros at);
  void ServeWindow(double demand_rps);
  void Send(const ServedWindow& served);
  bool InOutage(Micros window_end) const;

  const Scene& scene_;
  Policy& policy_;
  WindowPlant plant_;
  Rng start_rng_, metric_rng_;
  DemandLog log_;
  double cpu_request_cores_;
  Micros now_{0};
  Micros next_ask_{0};
  size_t next_event_ = 0;
  double cost_ = 1;
  int wanted_;
  int leaving_ = 0;               // drained at this step
  std::deque<Start> starts_;      // in the order they were asked for
  std::vector<Serving> serving_;  // oldest first
  std::deque<Metrics> sent_;
  Play play_;
};

Player::Player(const Scene& scene, Policy& policy, LoadTable& table, int initial)
    : scene_(scene),
      policy_(policy),
      plant_(scene.plant, scene.contention, table, Rng(scene.seed)),
      start_rng_(scene.seed + 0x51a27),
      metric_rng_(scene.seed + 0x3e721c),
      log_(LogOf(scene)),
      cpu_request_cores_(CpuRequestCores(scene.plant)),
      wanted_(initial) {
  play_.policy = policy.name();
  play_.step = scene.trace.step;
  serving_.assign(static_cast<size_t>(initial), {kLongAgo, kLongAgo});
  plant_.AddWarm(initial);
}

void Player::Order(Micros at) {
  const double factor = std::max(1 + scene_.start_up_cv * start_rng_.Normal(), kShortestStart);
  const bool fails = start_rng_.Uniform() < scene_.start_failure;
  starts_.push_back({at, at + FromSeconds(ToSeconds(scene_.start_up) * factor), fails});
}

void Player::Happen() {
  for (; next_event_ < scene_.events.size() && scene_.events[next_event_].at <= now_; ++next_event_) {
    if (scene_.events[next_event_].kind == SceneEventKind::kFailure) {
      const int dead = std::min(static_cast<int>(scene_.events[next_event_].size), plant_.serving());
      plant_.Kill(dead);
      serving_.resize(serving_.size() - static_cast<size_t>(dead));
    }
  }
  if (const double cost = CostFactor(scene_.events, now_); cost != cost_) {
    cost_ = cost;
    plant_.set_options(Dearer(scene_.plant, cost));
  }
}

void Player::FinishStarts() {
  for (size_t i = 0; i < starts_.size();) {
    const Start start = starts_[i];
    if (start.until > now_) {
      ++i;
      continue;
    }
    starts_.erase(starts_.begin() + static_cast<std::ptrdiff_t>(i));
    if (start.fails) {
      Order(now_);  // at the end, and looked at again: it ends later than now
    } else {
      serving_.push_back({start.at, now_});
      plant_.Add(1);
    }
  }
}

bool Player::InOutage(Micros window_end) const {
  return std::any_of(scene_.events.begin(), scene_.events.end(), [&](const SceneEvent& event) {
    return event.kind == SceneEventKind::kOutage && window_end > event.at &&
           window_end <= event.at + event.duration;
  });
}

void Player::Send(const ServedWindow& served) {
  const double seconds = ToSeconds(play_.step);
  Metrics metrics;
  metrics.start = now_;
  metrics.due = now_ + play_.step + scene_.metric_delay;
  metrics.lost = InOutage(now_ + play_.step);
  metrics.demand_rps = static_cast<double>(served.service.offered) / seconds;
  metrics.cpu_cores = served.service.cpu_seconds / seconds;
  metrics.utilisation = served.Utilisation(cpu_request_cores_);
  metrics.instance_rps = metrics.demand_rps / std::max(served.serving, 1);
  sent_.push_back(metrics);
}

void Player::Arrive() {
  const auto lost = [&] { return scene_.metric_loss > 0 && metric_rng_.Uniform() < scene_.metric_loss; };
  for (; !sent_.empty() && sent_.front().due <= now_; sent_.pop_front()) {
    const Metrics& metrics = sent_.front();
    const bool service_lost = lost() || metrics.lost;
    log_.demand_rps.push_back(service_lost ? kUnknown : metrics.demand_rps);
    log_.cpu_cores.push_back(service_lost ? kUnknown : metrics.cpu_cores);
    for (Serving& instance : serving_) {
      if (lost() || metrics.lost || instance.ready_at > metrics.start) {
        continue;
      }
      instance.measured = true;
      instance.window_start = metrics.start;
      instance.utilisation = metrics.utilisation;
      instance.demand_rps = metrics.instance_rps;
    }
  }
}

void Player::Ask() {
  if (now_ < next_ask_) {
    return;
  }
  next_ask_ = now_ + std::max(policy_.interval(), play_.step);
  const Micros oldest =
      now_ - play_.step - scene_.metric_delay - std::max(kMetricValid - play_.step, Micros(0));
  std::vector<InstanceView> views;
  views.reserve(serving_.size() + starts_.size());
  for (const Serving& instance : serving_) {
    InstanceView view;
    view.started_at = instance.started_at;
    view.ready = true;
    view.ready_at = instance.ready_at;
    view.measured = instance.measured && instance.window_start >= oldest;
    view.window_start = instance.window_start;
    view.utilisation = instance.utilisation;
    view.demand_rps = instance.demand_rps;
    views.push_back(view);
  }
  for (const Start& start : starts_) {
    InstanceView view;
    view.started_at = start.at;
    views.push_back(view);
  }
  const PolicyView view{now_, scene_.trace.start + now_, wanted_, plant_.serving(), views, log_};
  wanted_ = std::clamp(policy_.Decide(view), scene_.spec.bounds.min, scene_.spec.bounds.max);
}

void Player::Follow() {
  leaving_ = 0;
  const auto there = [&] { return static_cast<int>(serving_.size() + starts_.size()); };
  while (there() < wanted_) {
    Order(now_);
  }
  while (there() > wanted_) {
    if (!starts_.empty()) {
      starts_.pop_back();
      continue;
    }
    serving_.pop_back();
    plant_.Drain(1);
    ++leaving_;
  }
}

void Player::ServeWindow(double demand_rps) {
  const ServedWindow served = plant_.Serve(demand_rps, play_.step, scene_.trace.start + now_);
  const model::Slo& slo = scene_.spec.slo;
  PlayStep step;
  step.demand_rps = static_cast<double>(served.service.offered) / ToSeconds(play_.step);
  step.serving = served.serving;
  step.paid = served.serving + static_cast<int>(starts_.size()) + leaving_;
  step.wanted = wanted_;
  step.p_us = served.LatencyUs(slo);
  step.over_share = served.OverShare(slo.latency_limit);
  step.violation_share = served.OverSlo(slo) ? 1 : 0;
  play_.steps.push_back(step);
  Send(served);
}

Play Player::Run() {
  const Trace demand = WithEvents(scene_.trace, scene_.events);
  play_.steps.reserve(demand.demand_rps.size());
  for (const double rps : demand.demand_rps) {
    Happen();
    FinishStarts();
    Arrive();
    Ask();
    Follow();
    ServeWindow(rps);
    now_ += play_.step;
  }
  return std::move(play_);
}

}  // namespace

Play PlayPolicy(const Scene& scene, Policy& policy, LoadTable& table, int initial) {
  return Player(scene, policy, table, initial).Run();
}

}  // namespace shadowd::sim
