#include "analysis/kpi_judge.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "analysis/confidence.h"

namespace shadowd::analysis {
namespace {

using model::KpiDelta;
using model::KpiKind;
using model::ModelAxis;
using model::SloAxis;

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kErrorsOptimal = 500;
constexpr double kBacklogShare = 0.05;  // of the offered requests, unanswered: throughput fails
constexpr double kBacklogMin = 20;      // requests inside an instance at the edges of the measurement
constexpr double kThroughputRequests = 200;
constexpr double kVague = 2;  // an upper limit this many times the expected value

double QuantileOf(KpiKind kind) {
  return kind == KpiKind::kLatencyP50 ? 0.5 : (kind == KpiKind::kLatencyP95 ? 0.95 : 0.99);
}

bool IsLatency(KpiKind kind) {
  return kind == KpiKind::kLatencyP50 || kind == KpiKind::kLatencyP95 || kind == KpiKind::kLatencyP99;
}

void TestLatency(const KpiEvidence& input, KpiDelta& delta) {
  const double p = QuantileOf(delta.kind);
  const bool in_slo = delta.kind == SloKind(input.slo);
  const LatencyRecord& latency = input.record.latency();
  const model::Interval seen = latency.QuantileInterval(p, input.alpha_model);
  delta.measured = seen.expected * input.latency_ratio;
  delta.low = seen.low * input.latency_ratio;
  delta.high = seen.high * input.latency_ratio;
  if (in_slo && latency.count() > 0) {
    const double limit = static_cast<double>(input.slo.latency_limit.count()) / input.latency_ratio;
    if (latency.QuantileInterval(p, input.alpha_holds).high <= limit) {
      delta.slo = SloAxis::kHolds;
    } else if (latency.QuantileInterval(p, input.alpha_fails).low > limit) {
      delta.slo = SloAxis::kFails;
    }
  }
}

void TestThroughput(const KpiEvidence& input, KpiDelta& delta) {
  const double offered = static_cast<double>(input.record.offered());
  const double backlog = offered - static_cast<double>(input.record.completed());
  const double slack = kBacklogMin / std::max(offered, 1.0);
  delta.measured = input.record.ThroughputRatio();
  delta.low = offered >= kThroughputRequests ? delta.measured - slack : 0;
  delta.high = offered >= kThroughputRequests ? delta.measured + slack : kInfinity;
  if (offered >= kThroughputRequests) {
    delta.slo = backlog > std::max(kBacklogShare * offered, kBacklogMin) ? SloAxis::kFails : SloAxis::kHolds;
  }
}

void TestErrors(const KpiEvidence& input, KpiDelta& delta) {
  const double errors = static_cast<double>(input.record.errors());
  const double requests = static_cast<double>(input.record.completed());
  delta.measured = input.record.ErrorRate();
  const Bounds seen = RateBounds(errors, requests, kErrorsOptimal, input.alpha_model);
  delta.low = seen.low;
  delta.high = seen.high;
  const double limit = input.slo.error_rate_max;
  const double half = input.alpha_holds / 2;
  if (RateBounds(errors, requests, kErrorsOptimal, half).high <= limit ||
      RateBounds(input.pooled_errors, input.pooled_requests, kErrorsOptimal, half).high <= limit) {
    delta.slo = SloAxis::kHolds;
  } else if (RateBounds(errors, requests, kErrorsOptimal, input.alpha_fails).low > limit) {
    delta.slo = SloAxis::kFails;
  }
}

void TestResource(const std::optional<model::Interval>& seen, KpiDelta& delta) {
  delta.high = kInfinity;
  if (seen) {
    delta.measured = seen->expected;
    delta.low = seen->low;
    delta.high = seen->high;
  }
}

void AgainstPrediction(const KpiEvidence& input, double tolerance, KpiDelta& delta) {
  const model::Interval& predicted = input.predicted.Of(delta.kind);
  const bool rate = delta.kind == KpiKind::kErrorRate;
  if (!input.predicted.known || predicted.expected < 0 || (!rate && predicted.expected <= 0)) {
    return;
  }
  delta.predicted = predicted.expected;
  delta.delta = predicted.expected > 0 ? (delta.measured - predicted.expected) / predicted.expected : 0;
  double margin = tolerance * predicted.expected;
  if (rate) {
    margin = std::max(margin, input.slo.error_rate_max / 2);  // a share of almost nothing says nothing
  }
  const double low = std::min(predicted.expected - margin, predicted.low);
  const double high = std::max(predicted.expected + margin, predicted.high);
  if (delta.low > high || delta.high < low) {
    delta.model = ModelAxis::kOff;
  } else if (delta.low >= low && delta.high <= high) {
    delta.model = ModelAxis::kAccurate;
  }
}

const KpiDelta& Find(const std::vector<KpiDelta>& kpis, KpiKind kind) {
  return *std::find_if(kpis.begin(), kpis.end(), [&](const KpiDelta& d) { return d.kind == kind; });
}

}  // namespace

KpiKind SloKind(const model::Slo& slo) {
  if (slo.latency_quantile < 0.75) {
    return KpiKind::kLatencyP50;
  }
  return slo.latency_quantile < 0.97 ? KpiKind::kLatencyP95 : KpiKind::kLatencyP99;
}

bool NearSaturation(const model::KpiPrediction& predicted, const model::Slo& slo) {
  const model::Interval& tail = predicted.Of(SloKind(slo));
  return predicted.throughput_ratio.low < 0.99 || tail.high > kVague * tail.expected;
}

KpiDelta JudgeKpi(const KpiEvidence& input, KpiKind kind, double tolerance) {
  KpiDelta delta;
  delta.kind = kind;
  if (IsLatency(kind)) {
    TestLatency(input, delta);
  } else if (kind == KpiKind::kThroughput) {
    TestThroughput(input, delta);
  } else if (kind == KpiKind::kErrorRate) {
    TestErrors(input, delta);
  } else if (kind == KpiKind::kCpuPerRequest) {
    TestResource(input.record.CpuPerRequest(input.alpha_model), delta);
  } else {
    TestResource(input.record.Memory(), delta);
  }
  AgainstPrediction(input, tolerance, delta);
  return delta;
}

SloAxis CombineSlo(const std::vector<KpiDelta>& kpis, const model::Slo& slo) {
  SloAxis combined = SloAxis::kHolds;
  for (const KpiKind kind : {SloKind(slo), KpiKind::kThroughput, KpiKind::kErrorRate}) {
    const SloAxis axis = Find(kpis, kind).slo;
    if (axis == SloAxis::kFails) {
      return SloAxis::kFails;
    }
    combined = axis == SloAxis::kUnknown ? SloAxis::kUnknown : combined;
  }
  return combined;
}

ModelAxis CombineModel(const std::vector<KpiDelta>& kpis, const model::KpiPrediction& predicted,
                       const model::Slo& slo) {
  if (!predicted.known) {
    return ModelAxis::kUnknown;
  }
  const bool tail_decides = !NearSaturation(predicted, slo);
  const bool work_predicted =
      Find(kpis, KpiKind::kLatencyP50).predicted > 0 || Find(kpis, KpiKind::kCpuPerRequest).predicted > 0;
  const bool tail_predicted = Find(kpis, SloKind(slo)).predicted > 0;
  // What stands for the work of a request: its median and CPU; where neither is predicted, the SLO's
  // quantile.
  const auto is_work = [&](KpiKind kind) {
    if (work_predicted) {
      return kind == KpiKind::kLatencyP50 || kind == KpiKind::kCpuPerRequest;
    }
    return tail_predicted ? kind == SloKind(slo) : IsLatency(kind);
  };
  bool all_accurate = true, any_accurate = false;
  for (const KpiDelta& delta : kpis) {
    const bool work = is_work(delta.kind);
    const bool tail = delta.kind == SloKind(slo) && delta.kind != KpiKind::kLatencyP50;
    const bool counts = work || (tail && tail_decides) || delta.kind == KpiKind::kThroughput ||
                        delta.kind == KpiKind::kErrorRate;
    if (counts && delta.model == ModelAxis::kOff) {
      return ModelAxis::kOff;
    }
    const bool known = delta.predicted > 0 && delta.measured > 0;
    all_accurate = all_accurate && (!work || !known || delta.model == ModelAxis::kAccurate);
    any_accurate = any_accurate || (work && delta.model == ModelAxis::kAccurate);
  }
  return all_accurate && any_accurate ? ModelAxis::kAccurate : ModelAxis::kUnknown;
}

}  // namespace shadowd::analysis
