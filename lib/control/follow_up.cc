#include "control/follow_up.h"

#include <fmt/format.h>

#include <algorithm>

#include "model/slo.h"

namespace shadowd::control {
namespace {

using model::DecisionKind;
using model::DecisionOutcome;
using model::KpiKind;

constexpr size_t kPointsMax = 720;
constexpr int kPointsMin = 3;       // before they say anything
constexpr double kNearPlan = 0.75;  // of the load planned for, which is a limit: near enough to be a test
constexpr double kSamePlan = 0.97;  // of it: the same load
constexpr double kMicrosPerSecond = 1e6;

// What a point measured of a KPI whose relative error means something; below zero: unknown.
double Measured(const model::CapacityPoint& point, KpiKind kpi) {
  switch (kpi) {
    case KpiKind::kLatencyP50:
      return point.p50_us;
    case KpiKind::kLatencyP95:
      return point.p95_us;
    case KpiKind::kLatencyP99:
      return point.p99_us;
    case KpiKind::kCpuPerRequest:
      return point.cpu_cores >= 0 && point.load_rps > 0 ? point.cpu_cores / point.load_rps * kMicrosPerSecond
                                                        : -1;
    case KpiKind::kMemory:
      return point.memory_bytes;
    default:
      return -1;
  }
}

bool Holds(const model::CapacityPoint& point, const model::Slo& slo) {
  return Measured(point, model::SloKind(slo)) <= static_cast<double>(slo.latency_limit.count()) &&
         point.error_rate <= slo.error_rate_max;
}

}  // namespace

void FollowUp::Add(const model::CapacityPoint& point) {
  if (points_.size() < kPointsMax) {
    points_.push_back(point);
  }
}

FollowUp::Seen FollowUp::AtLeast(double load_rps, const model::Slo& slo) const {
  Seen seen;
  for (const model::CapacityPoint& point : points_) {
    if (point.load_rps >= load_rps) {
      ++seen.points;
      seen.held += Holds(point, slo) ? 1 : 0;
    }
  }
  return seen;
}

void FollowUp::Judge(const model::Slo& slo, Finding& finding) const {
  const double planned_rps = decision_.trigger.planned_rps;
  const double applied_load = planned_rps / std::max(decision_.to, 1);
  const double refused_load = planned_rps / std::max(decision_.planned, 1);
  const Seen all = AtLeast(0, slo), near = AtLeast(kNearPlan * applied_load, slo);
  const Seen refused = AtLeast(kSamePlan * refused_load, slo);
  const auto most = [](const Seen& seen) { return 2 * seen.held > seen.points; };
  if (all.points < kPointsMin) {
    finding.reason =
        fmt::format("only {} points of production at {} replicas were seen", all.points, decision_.to);
  } else if (!most(all) || (near.points >= kPointsMin && !most(near))) {
    finding.outcome = DecisionOutcome::kFalseConfirm;
    finding.reason =
        fmt::format("{} replicas were to hold {:.0f} req/s each; {} of {} points were over the SLO",
                    decision_.to, applied_load, all.points - all.held, all.points);
  } else if (decision_.to > decision_.planned && refused.points >= kPointsMin && most(refused)) {
    finding.outcome = DecisionOutcome::kFalseReject;
    finding.reason = fmt::format(
        "{} replicas were refused, yet production held their {:.0f} req/s each in {} of {} points",
        decision_.planned, refused_load, refused.held, refused.points);
  } else if (near.points >= kPointsMin && decision_.kind != DecisionKind::kRejected) {
    finding.outcome = DecisionOutcome::kRight;
    finding.reason = fmt::format("{} replicas held the SLO in {} of {} points near the {:.0f} req/s planned",
                                 decision_.to, near.held, near.points, applied_load);
  } else {
    finding.reason =
        fmt::format("the load that was {} never came", near.points >= kPointsMin ? "refused" : "planned for");
  }
}

void FollowUp::AddErrors(Finding& finding) const {
  double demand = 0, all_requests = 0;
  for (const KpiKind kpi : model::kAllKpis) {
    double sum = 0, requests = 0;
    for (const model::CapacityPoint& point : points_) {
      const double predicted = curve_.Predict(point.load_rps).Of(kpi).expected;
      const double measured = Measured(point, kpi);
      if (predicted > 0 && measured > 0) {
        sum += point.requests * (measured - predicted) / predicted;
        requests += point.requests;
      }
    }
    if (requests > 0) {
      finding.errors[model::KpiName(kpi)] = sum / requests;
    }
  }
  for (const model::CapacityPoint& point : points_) {
    demand += point.requests * point.load_rps * point.instances;
    all_requests += point.requests;
  }
  if (all_requests > 0 && decision_.trigger.planned_rps > 0) {
    finding.circumstances.traffic = demand / all_requests / decision_.trigger.planned_rps;
  }
}

FollowUp::Finding FollowUp::Conclude(const model::Slo& slo, double dispersion) const {
  Finding finding;
  finding.circumstances.dispersion = dispersion;
  finding.circumstances.mirrored = mirrored_;
  Judge(slo, finding);
  if (points_.size() >= kPointsMin && curve_.known()) {
    AddErrors(finding);
    finding.circumstances.hour = analysis::HourOfDay(points_.back().at);
  }
  return finding;
}

}  // namespace shadowd::control
