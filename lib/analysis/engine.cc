#include "analysis/engine.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "analysis/limits.h"
#include "base/check.h"

namespace shadowd::analysis {
namespace {

using model::Arm;
using model::ArmRole;
using model::ArmVerdict;
using model::ModelAxis;
using model::SloAxis;

constexpr uint64_t kCurveRequestsMin = 200;
constexpr size_t kCurveArmsMin = 3;
constexpr double kLeansToFail = 0.3;   // a probability to hold that is not worth measuring on for
constexpr double kPatience = 1.0 / 3;  // of the deadline: then what is open delays no longer
constexpr double kLeansToHold = 0.7;   // what will probably hold is worth a longer look ...
constexpr double kLongPatience = 0.6;  // ... of this share of the deadline

}  // namespace

Engine::Engine(EngineOptions options, const std::vector<Arm>& arms)
    : options_(std::move(options)), arms_(arms), production_(RecordRules{.check_starved = false}) {
  for (const Arm& arm : arms_) {
    RecordRules rules;
    rules.warm_up = options_.warm_up;
    // The null arm follows production's load, which moves.
    rules.planned_rps = arm.role == ArmRole::kNull ? 0 : arm.load_rps;
    rules.p50_us = arm.predicted.known ? std::max(arm.predicted.p50_us.expected, 0.0) : 0;
    records_.emplace_back(rules);
  }
  abandoned_.resize(arms_.size());
}

void Engine::AddShadowWindow(size_t arm, const model::KpiWindow& window) {
  SHADOWD_CHECK(arm < records_.size());
  records_[arm].Add(window);
}

void Engine::Abandon(size_t arm, const std::string& why) {
  SHADOWD_CHECK(arm < abandoned_.size() && !why.empty());
  abandoned_[arm] = why;
}

void Engine::AddProductionWindow(const model::KpiWindow& per_instance_mean) {
  production_.Add(per_instance_mean);
}

Engine::Joint Engine::JoinArms() const {
  Joint joint;
  joint.normaliser = Normalise();
  std::vector<model::CapacityPoint> points = options_.history;
  WallTime newest{};  // what the arms show is as new as anything known
  for (const model::CapacityPoint& point : points) {
    newest = std::max(newest, point.at);
  }
  const std::vector<model::CapacityPoint> shown = PointsOf(joint.normaliser, options_.version, newest, 0);
  size_t arms = 0;
  for (size_t arm = 0; arm < records_.size(); ++arm) {
    const ArmRecord& record = records_[arm];
    const bool enough = record.windows() >= kCurveWindowsMin && record.completed() >= kCurveRequestsMin;
    // What a cached arm showed is in the history.
    arms += arms_[arm].cached || (enough && abandoned_[arm].empty()) ? 1 : 0;
  }
  joint.enough = arms >= kCurveArmsMin;
  if (joint.enough) {
    points.insert(points.end(), shown.begin(), shown.end());
    joint.curve = capacity::Curve::Fit(points, options_.version, newest);
    joint.enough = joint.curve.version_known();
  }
  return joint;
}

Normaliser Engine::Normalise() const {
  const auto null =
      std::find_if(arms_.begin(), arms_.end(), [](const Arm& arm) { return arm.role == ArmRole::kNull; });
  if (null == arms_.end()) {
    return {};
  }
  if (!options_.null_normalises) {
    Normaliser none;
    none.note = "the null arm runs another version than production and does not normalise";
    return none;
  }
  return CompareWithProduction(production_, records_[static_cast<size_t>(null - arms_.begin())],
                               options_.alpha);
}

std::vector<ArmVerdict> Engine::Verdicts(bool at_deadline) const {
  const Joint joint = JoinArms();
  std::vector<ArmVerdict> verdicts;
  for (size_t arm = 0; arm < arms_.size(); ++arm) {
    verdicts.push_back(VerdictOf(arm, joint, at_deadline));
  }
  return verdicts;
}

// An arm below one that holds: it is decided, or leans to failing after enough of a look, or had its time.
// What leans to holding has more of it, since it is the cheaper answer.
bool Engine::SmallerDecided(size_t arm, const Joint& joint, const ArmVerdict& verdict) const {
  if (verdict.slo != SloAxis::kUnknown || !abandoned_[arm].empty()) {
    return true;
  }
  double patience = kPatience;
  if (joint.enough && records_[arm].windows() >= kCurveWindowsMin) {
    const double holds = joint.curve.ProbabilityHolds(arms_[arm].load_rps, options_.slo);
    if (holds < kLeansToFail) {
      return true;
    }
    patience = holds >= kLeansToHold ? kLongPatience : kPatience;
  }
  return records_[arm].seconds() >= patience * ToSeconds(options_.deadline);
}

bool Engine::Settled() const {
  const Joint joint = JoinArms();
  std::vector<size_t> candidates;
  for (size_t arm = 0; arm < arms_.size(); ++arm) {
    if (arms_[arm].role == ArmRole::kCandidate) {
      candidates.push_back(arm);
    }
  }
  std::sort(candidates.begin(), candidates.end(),
            [&](size_t a, size_t b) { return arms_[a].level < arms_[b].level; });
  bool all_fail = !candidates.empty();
  for (const size_t arm : candidates) {
    const ArmVerdict verdict = VerdictOf(arm, joint, false);
    if (verdict.slo == SloAxis::kHolds) {
      const bool patient = records_[arm].seconds() < kPatience * ToSeconds(options_.deadline);
      const bool judged = verdict.model != ModelAxis::kUnknown || !arms_[arm].predicted.known;
      return arms_[arm].cached || judged || !patient;
    }
    if (!SmallerDecided(arm, joint, verdict)) {
      return false;
    }
    all_fail = all_fail && verdict.slo == SloAxis::kFails;
  }
  return all_fail;
}

std::vector<model::CapacityPoint> Engine::Points(const std::string& version, WallTime at,
                                                 int production_instances) const {
  return PointsOf(Normalise(), version, at, production_instances);
}

std::vector<model::CapacityPoint> Engine::PointsOf(const Normaliser& normaliser, const std::string& version,
                                                   WallTime at, int production_instances) const {
  std::vector<model::CapacityPoint> points;
  for (size_t arm = 0; arm < arms_.size(); ++arm) {
    const ArmRecord& record = records_[arm];
    // What was not measured honestly teaches nothing, neither the joint curve nor the next model.
    const bool honest =
        record.VoidShare() <= options_.void_share_max && !normaliser.refused && abandoned_[arm].empty();
    if (arms_[arm].cached || record.windows() == 0 || record.completed() == 0 || !honest) {
      continue;
    }
    const auto ratio = [&](model::KpiKind kind) {
      return arms_[arm].role == ArmRole::kCandidate ? normaliser.Of(kind) : 1;
    };
    model::CapacityPoint point;
    point.at = at;
    point.version = version;
    point.source = record.mostly_mirrored() ? model::KpiSource::kMirrored : model::KpiSource::kSynthetic;
    point.instances = production_instances;
    point.load_rps = record.LoadRps();
    point.requests = static_cast<double>(record.completed());
    point.p50_us = record.latency().Quantile(0.5) * ratio(model::KpiKind::kLatencyP50);
    point.p95_us = record.latency().Quantile(0.95) * ratio(model::KpiKind::kLatencyP95);
    point.p99_us = record.latency().Quantile(0.99) * ratio(model::KpiKind::kLatencyP99);
    point.throughput_ratio = record.ThroughputRatio();
    point.error_rate = record.ErrorRate();
    point.cpu_cores = record.CpuCores();
    point.cpu_cores *= point.cpu_cores > 0 ? ratio(model::KpiKind::kCpuPerRequest) : 1;
    point.memory_bytes = record.Memory().value_or(model::Interval{-1, -1, -1}).expected;
    points.push_back(point);
  }
  return points;
}

}  // namespace shadowd::analysis
