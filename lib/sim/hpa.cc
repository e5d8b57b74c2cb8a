#include "sim/hpa.h"

#include <algorithm>
#include <cmath>

namespace shadowd::sim {
namespace {

constexpr double kRound = 1e-9;  // keeps 3.0000000001 from being 4

int Ceil(double value) {
  return static_cast<int>(std::ceil(value - kRound));
}

// How the instances count.
struct Group {
  int counted = 0;  // ready and measured
  int missing = 0;  // ready without a metric
  int not_ready = 0;
  double sum = 0;  // of the counted ones' metrics
};

double ValueOf(const HpaMetric& metric, const InstanceView& instance) {
  return metric.kind == HpaMetric::Kind::kCpuUtilisation ? instance.utilisation : instance.demand_rps;
}

Group GroupOf(const HpaMetric& metric, std::span<const InstanceView> instances, Micros now,
              const HpaOptions& options) {
  const bool cpu = metric.kind == HpaMetric::Kind::kCpuUtilisation;
  Group group;
  for (const InstanceView& instance : instances) {
    if (!instance.ready) {
      ++group.not_ready;
    } else if (!instance.measured) {
      ++group.missing;
    } else if (cpu && now < instance.started_at + options.cpu_initialisation &&
               instance.window_start < instance.ready_at) {
      ++group.not_ready;  // the metric is of its start, not of its work
    } else {
      ++group.counted;
      group.sum += ValueOf(metric, instance);
    }
  }
  return group;
}

// Of the mean over so many instances. The controller reckons CPU in whole per cent, rounded down.
double RatioOf(const HpaMetric& metric, double sum, int instances) {
  const double mean = sum / instances;
  if (metric.kind == HpaMetric::Kind::kCpuUtilisation) {
    return std::floor(100 * mean + kRound) / std::floor(100 * metric.target + kRound);
  }
  return mean / metric.target;
}

bool Within(double ratio, double tolerance) {
  return std::abs(1 - ratio) <= tolerance + kRound;
}

}  // namespace

std::optional<int> HpaReplicas(const HpaMetric& metric, std::span<const InstanceView> instances, int current,
                               Micros now, const HpaOptions& options) {
  const Group group = GroupOf(metric, instances, now, options);
  if (group.counted == 0) {
    return std::nullopt;
  }
  const double ratio = RatioOf(metric, group.sum, group.counted);
  const bool out_with_not_ready = ratio > 1 && group.not_ready > 0;
  if (!out_with_not_ready && group.missing == 0) {
    return Within(ratio, options.tolerance) ? current : Ceil(ratio * group.counted);
  }
  // Those without a metric are taken to use all of their request (of their target, where it is not CPU) when
  // that says in, nothing when it says out; those not ready use nothing on the way out and do not count on
  // the way in.
  const bool cpu = metric.kind == HpaMetric::Kind::kCpuUtilisation;
  double sum = group.sum;
  int counted = group.counted + (out_with_not_ready ? group.not_ready : 0);
  if (ratio < 1) {
    sum += group.missing * (cpu ? std::max(1.0, metric.target) : metric.target);
  }
  if (ratio != 1 || !cpu) {
    counted += group.missing;
  }
  const double again = RatioOf(metric, sum, counted);
  const bool turned = (ratio < 1 && again > 1) || (ratio > 1 && again < 1);
  if (Within(again, options.tolerance) || turned) {
    return current;
  }
  const int desired = Ceil(again * counted);
  const bool wrong_way = (again < 1 && desired > current) || (again > 1 && desired < current);
  return wrong_way ? current : desired;
}

int HpaReplicasOfTotal(double total, double target, int current, double tolerance) {
  if (current > 0 && Within(total / (target * current), tolerance)) {
    return current;
  }
  return Ceil(total / target);
}

int HpaBehaviour::Stabilise(Micros now, int current, int desired) {
  if (recommendations_.empty()) {
    recommendations_.emplace_back(now, current);  // what it found counts as its first recommendation
  }
  int least = desired, most = desired;
  for (const auto& [at, replicas] : recommendations_) {
    if (at > now - options_.stabilisation_out) {
      least = std::min(least, replicas);
    }
    if (at > now - options_.stabilisation_in) {
      most = std::max(most, replicas);
    }
  }
  recommendations_.emplace_back(now, desired);
  const Micros kept = std::max(options_.stabilisation_in, options_.stabilisation_out);
  while (recommendations_.size() > 1 && recommendations_.front().first <= now - kept) {
    recommendations_.pop_front();
  }
  return std::min(std::max(current, least), most);
}

int HpaBehaviour::ChangeWithin(Micros now, bool out) const {
  int sum = 0;
  for (const auto& [at, change] : changes_) {
    sum += at > now - options_.period && (change > 0) == out ? std::abs(change) : 0;
  }
  return sum;
}

int HpaBehaviour::Limit(Micros now, int current, int desired) {
  if (last_ && current != last_->second) {
    changes_.emplace_back(last_->first, current - last_->second);
  }
  last_ = {now, current};
  while (!changes_.empty() && changes_.front().first <= now - options_.period) {
    changes_.pop_front();
  }
  const int stable = Stabilise(now, current, desired);
  // Rates count from what there was when the period began.
  const int start = current - ChangeWithin(now, true) + ChangeWithin(now, false);
  if (stable > current) {
    const int limit =
        std::max(start + options_.out_instances_max, Ceil(start * (1 + options_.out_share_max)));
    return std::min(stable, std::max(limit, current));
  }
  if (stable < current) {
    const int limit = static_cast<int>(std::floor(start * (1 - options_.in_share_max) + kRound));
    return std::max(stable, std::min(limit, current));
  }
  return current;
}

int Hpa::Decide(const PolicyView& view) {
  int most = 0;
  size_t failed = 0;
  for (const HpaMetric& metric : options_.metrics) {
    const std::optional<int> wanted = HpaReplicas(metric, view.instances, view.wanted, view.now, options_);
    failed += wanted ? 0 : 1;
    most = std::max(most, wanted.value_or(0));
  }
  // A metric that failed may be the one that would have said more: nobody goes in on the others' word.
  if (failed == options_.metrics.size() || (failed > 0 && most < view.wanted)) {
    return view.wanted;
  }
  return behaviour_.Limit(view.now, view.wanted, most);
}

}  // namespace shadowd::sim
