#include "control/learner.h"

#include <algorithm>
#include <cmath>

#include "analysis/tolerance.h"

namespace shadowd::control {
namespace {

constexpr size_t kPointsMax = 400;
constexpr double kCrowdRatio = 1.05;  // points whose loads are this close tell the same
constexpr double kAlike = 0.08;       // relative difference of latencies that teaches nothing
constexpr int kUnfittedMax = 6;       // points of production that teach little may wait for a fit
constexpr size_t kTimesMax = 50;
constexpr Micros kBudgetTime = std::chrono::hours(24);

template <typename T>
void KeepNewest(std::vector<T>& values, size_t max) {
  if (values.size() > max) {
    values.erase(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() - max));
  }
}

int LoadBin(const model::CapacityPoint& point) {
  return static_cast<int>(std::log(std::max(point.load_rps, 1e-6)) / std::log(kCrowdRatio));
}

bool Alike(double a, double b) {
  return std::abs(a - b) <= kAlike * std::max(a, b);
}

// True when the newest point of production before it, at the same load, showed the same: where the curve and
// the points differ for good, each new one is no news.
bool Repeats(const std::vector<model::CapacityPoint>& points, const model::CapacityPoint& point) {
  const auto before = std::find_if(points.rbegin(), points.rend(), [&](const model::CapacityPoint& other) {
    return other.source == point.source && other.version == point.version && LoadBin(other) == LoadBin(point);
  });
  return before != points.rend() && Alike(before->p50_us, point.p50_us) &&
         Alike(before->p95_us, point.p95_us) && Alike(before->throughput_ratio, point.throughput_ratio);
}

// Room is made where the most is known: the oldest point goes of the version and load that have most of them.
// So what a trial showed near saturation outlives any number of quiet hours in production.
void MakeRoom(std::vector<model::CapacityPoint>& points) {
  while (points.size() > kPointsMax) {
    std::map<std::pair<std::string, int>, std::pair<int, size_t>> crowds;  // count and the oldest's index
    for (size_t i = points.size(); i-- > 0;) {
      auto& [count, oldest] = crowds[{points[i].version, LoadBin(points[i])}];
      ++count;
      oldest = i;
    }
    const auto largest = std::max_element(crowds.begin(), crowds.end(), [](const auto& a, const auto& b) {
      const auto& [a_count, a_oldest] = a.second;
      const auto& [b_count, b_oldest] = b.second;
      return a_count != b_count ? a_count < b_count : a_oldest > b_oldest;
    });
    points.erase(points.begin() + static_cast<std::ptrdiff_t>(largest->second.second));
  }
}

Micros NinetiethPercentile(std::vector<double> seconds, Micros prior) {
  if (seconds.empty()) {
    return prior;
  }
  std::sort(seconds.begin(), seconds.end());
  const size_t rank = static_cast<size_t>(std::ceil(0.9 * static_cast<double>(seconds.size()))) - 1;
  return FromSeconds(seconds[rank]);
}

}  // namespace

void Learner::Restore(const std::vector<model::ModelVersion>& versions) {
  for (const model::ModelVersion& version : versions) {
    if (version.number >= number_) {
      number_ = version.number;
      learnt_ = version.learnt;
    }
  }
  learnt_.forecasts.clear();  // the forecaster has its own
  curves_.clear();
}

const capacity::Curve& Learner::CurveOf(const std::string& version, WallTime now) {
  auto found = curves_.find(version);
  if (found == curves_.end()) {
    found = curves_.emplace(version, capacity::Curve::Fit(learnt_.points, version, now)).first;
  }
  return found->second;
}

void Learner::AddPoint(model::CapacityPoint point) {
  const auto curve = curves_.find(point.version);
  const bool explained =
      curve != curves_.end() && (curve->second.Explains(point) || Repeats(learnt_.points, point));
  learnt_.points.push_back(std::move(point));
  MakeRoom(learnt_.points);
  if (!explained || ++unfitted_ >= kUnfittedMax) {
    Forget();
  }
}

void Learner::Forget() {
  curves_.clear();
  unfitted_ = 0;
}

void Learner::RecordStart(double seconds) {
  learnt_.start_seconds.push_back(seconds);
  KeepNewest(learnt_.start_seconds, kTimesMax);
}

void Learner::RecordTrial(double seconds) {
  learnt_.trial_seconds.push_back(seconds);
  KeepNewest(learnt_.trial_seconds, kTimesMax);
}

void Learner::RecordOutcome(const FollowUp::Finding& finding, const model::TrialSpec& spec) {
  const analysis::ToleranceBounds bounds{spec.tolerance, spec.tolerance_min, spec.tolerance_max};
  for (const auto& [kpi, error] : finding.errors) {
    model::ToleranceTracker& tracker = learnt_.trackers[kpi];
    analysis::Learn(error, finding.circumstances, bounds, tracker);
    learnt_.tolerances[kpi] = analysis::ToleranceAt(tracker, finding.circumstances, bounds);
  }
  learnt_.outcomes.right += finding.outcome == model::DecisionOutcome::kRight ? 1 : 0;
  learnt_.outcomes.false_confirm += finding.outcome == model::DecisionOutcome::kFalseConfirm ? 1 : 0;
  learnt_.outcomes.false_reject += finding.outcome == model::DecisionOutcome::kFalseReject ? 1 : 0;
}

std::map<std::string, double> Learner::Tolerances(const analysis::Circumstances& circumstances,
                                                  const model::TrialSpec& spec) const {
  std::map<std::string, double> tolerances;
  for (const auto& [kpi, tracker] : learnt_.trackers) {
    tolerances[kpi] = analysis::ToleranceAt(tracker, circumstances,
                                            {spec.tolerance, spec.tolerance_min, spec.tolerance_max});
  }
  return tolerances;
}

void Learner::Spend(WallTime at, double amount) {
  std::erase_if(learnt_.spendings,
                [at](const model::Spending& spending) { return at - spending.at > kBudgetTime; });
  learnt_.spendings.push_back({at, amount});
}

double Learner::SpentInADay(WallTime now) const {
  double sum = 0;
  for (const model::Spending& spending : learnt_.spendings) {
    sum += now - spending.at < kBudgetTime ? spending.amount : 0;
  }
  return sum;
}

void Learner::Revert(const model::Learnt& learnt) {
  const std::vector<model::Spending> spendings = learnt_.spendings;
  learnt_ = learnt;
  learnt_.forecasts.clear();
  learnt_.spendings = spendings;  // money that is gone stays gone
  Forget();
}

model::ModelVersion Learner::Retrain(model::RetrainCause cause, const model::TrialId& trial,
                                     const std::string& version, std::span<const model::CapacityPoint> points,
                                     const model::Slo& slo, WallTime now) {
  model::ModelVersion made;
  made.service = service_;
  made.create_time = now;
  made.cause = cause;
  made.trial = trial;
  made.error_before = points.empty() ? 0 : capacity::MeanRelativeError(CurveOf(version, now), points);
  learnt_.points.insert(learnt_.points.end(), points.begin(), points.end());
  MakeRoom(learnt_.points);
  if (!points.empty() || cause == model::RetrainCause::kRequested) {
    Forget();
  }
  const capacity::Curve& curve = CurveOf(version, now);
  made.error_after = points.empty() ? 0 : capacity::MeanRelativeError(curve, points);
  made.summary = curve.Summary(slo);
  made.number = ++number_;
  made.learnt = learnt_;
  return made;
}

Micros Learner::LeadTime(Micros prior) const {
  return NinetiethPercentile(learnt_.start_seconds, prior);
}
Micros Learner::TrialTime(Micros prior) const {
  return NinetiethPercentile(learnt_.trial_seconds, prior);
}

double Learner::PlanWrongProbability() const {
  return (learnt_.plans_wrong + 1.0) / (learnt_.plans + 4.0);
}

void Learner::RecordPlan(bool stood) {
  ++learnt_.plans;
  learnt_.plans_wrong += stood ? 0 : 1;
}

}  // namespace shadowd::control
