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
using model::SloKind;

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr model::Interval kUnknown{0, 0, kInfinity};
constexpr double kErrorsOptimal = 500;
constexpr double kBacklogShare = 0.05;  // of the offered requests, unanswered: throughput fails
constexpr double kBacklogMin = 20;      // requests inside an instance at the edges of the measurement
// Requests are inside at the edges of the measurement: while the SLO holds about its limit's worth (Little's
// law), at times twice that.
constexpr double kInsideTails = 2, kTailMaxSeconds = 1;
constexpr double kThroughputRequests = 200;
// A queue that happened to be empty since the start looks like a faster service without any correlation. It
// is not believed before this many times the predicted tail latency.
constexpr double kQuietTails = 120;
constexpr double kVague = 2;  // an upper limit this many times the expected value

double QuantileOf(KpiKind kind) {
  return kind == KpiKind::kLatencyP50 ? 0.5 : (kind == KpiKind::kLatencyP95 ? 0.95 : 0.99);
}

bool IsLatency(KpiKind kind) {
  return kind == KpiKind::kLatencyP50 || kind == KpiKind::kLatencyP95 || kind == KpiKind::kLatencyP99;
}

// Where a KPI surely lies, for each of the two statements about its prediction.
struct Seen {
  model::Interval accurate;  // each end wrong with the probability allowed for ACCURATE
  model::Interval off;       // both ends together with that allowed for OFF
};

void Scale(model::Interval& interval, double factor) {
  interval = {interval.expected * factor, interval.low * factor, interval.high * factor};
}

Seen TestLatency(const KpiEvidence& input, KpiDelta& delta) {
  const double p = QuantileOf(delta.kind);
  const LatencyRecord& latency = input.record.latency();
  const double ratio = input.normaliser.Of(delta.kind);
  Seen seen{latency.QuantileInterval(p, input.alpha.accurate, Ends::kEach),
            latency.QuantileInterval(p, input.alpha.off)};
  Scale(seen.accurate, ratio);
  Scale(seen.off, ratio);
  if (delta.kind == SloKind(input.slo) && latency.count() > 0) {
    const double limit = static_cast<double>(input.slo.latency_limit.count()) / ratio;
    if (latency.QuantileInterval(p, input.alpha.holds, Ends::kEach).high <= limit) {
      delta.slo = SloAxis::kHolds;
    } else if (latency.QuantileInterval(p, input.alpha.fails, Ends::kEach).low > limit) {
      delta.slo = SloAxis::kFails;
    }
  }
  return seen;
}

Seen TestThroughput(const KpiEvidence& input, KpiDelta& delta) {
  const double offered = static_cast<double>(input.record.offered());
  const double backlog = offered - static_cast<double>(input.record.completed());
  const double tail = std::min(static_cast<double>(input.slo.latency_limit.count()) * 1e-6, kTailMaxSeconds);
  const double inside = std::max(kBacklogMin, kInsideTails * input.record.LoadRps() * tail);
  const double slack = inside / std::max(offered, 1.0);
  const double ratio = input.record.ThroughputRatio();
  if (offered < kThroughputRequests) {
    return {{ratio, 0, kInfinity}, {ratio, 0, kInfinity}};
  }
  delta.slo = backlog > std::max(kBacklogShare * offered, inside) ? SloAxis::kFails : SloAxis::kHolds;
  return {{ratio, ratio - slack, ratio + slack}, {ratio, ratio - slack, ratio + slack}};
}

Seen TestErrors(const KpiEvidence& input, KpiDelta& delta) {
  // Errors that come in bursts count for less.
  const double effect = input.record.ErrorDesignEffect();
  const double errors = static_cast<double>(input.record.errors()) / effect;
  const double requests = static_cast<double>(input.record.completed()) / effect;
  const auto bounds = [&](double alpha) { return RateBounds(errors, requests, kErrorsOptimal, alpha); };
  const double limit = input.slo.error_rate_max;
  const double half = input.alpha.holds / 2;  // by itself or with its neighbours
  if (bounds(half).high <= limit ||
      RateBounds(input.pooled_errors, input.pooled_requests, kErrorsOptimal, half).high <= limit) {
    delta.slo = SloAxis::kHolds;
  } else if (bounds(input.alpha.fails).low > limit) {
    delta.slo = SloAxis::kFails;
  }
  const double rate = input.record.ErrorRate();
  const Bounds accurate = bounds(input.alpha.accurate), off = bounds(input.alpha.off);
  return {{rate, accurate.low, accurate.high}, {rate, off.low, off.high}};
}

Seen TestCpu(const KpiEvidence& input) {
  // A normal mixture is even, so each end has half of what both have.
  Seen seen{input.record.CpuPerRequest(std::min(2 * input.alpha.accurate, 0.5)).value_or(kUnknown),
            input.record.CpuPerRequest(input.alpha.off).value_or(kUnknown)};
  Scale(seen.accurate, input.normaliser.Of(KpiKind::kCpuPerRequest));
  Scale(seen.off, input.normaliser.Of(KpiKind::kCpuPerRequest));
  return seen;
}

Seen TestKpi(const KpiEvidence& input, KpiDelta& delta) {
  if (IsLatency(delta.kind)) {
    return TestLatency(input, delta);
  }
  switch (delta.kind) {
    case KpiKind::kThroughput:
      return TestThroughput(input, delta);
    case KpiKind::kErrorRate:
      return TestErrors(input, delta);
    case KpiKind::kCpuPerRequest:
      return TestCpu(input);
    default: {
      const model::Interval memory = input.record.Memory().value_or(kUnknown);
      return {memory, memory};
    }
  }
}

bool MayBeQuiet(const KpiEvidence& input, KpiKind kind) {
  const double tail_us = std::max(input.predicted.p95_us.expected, input.predicted.Of(kind).expected);
  return IsLatency(kind) && input.record.seconds() * 1e6 < kQuietTails * tail_us;
}

// ACCURATE says that the truth lies within the tolerance, however vague the prediction was. OFF says that it
// lies neither there nor where the prediction allowed for.
void AgainstPrediction(const KpiEvidence& input, double tolerance, const Seen& seen, KpiDelta& delta) {
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
  const double low = predicted.expected - margin, high = predicted.expected + margin;
  const bool slower = seen.off.low > std::max(high, predicted.high);
  const bool faster = seen.off.high < std::min(low, predicted.low) && !MayBeQuiet(input, delta.kind);
  if (slower || faster) {
    delta.model = ModelAxis::kOff;
  } else if (seen.accurate.low >= low && seen.accurate.high <= high) {
    delta.model = ModelAxis::kAccurate;
  }
}

const KpiDelta& Find(const std::vector<KpiDelta>& kpis, KpiKind kind) {
  return *std::find_if(kpis.begin(), kpis.end(), [&](const KpiDelta& d) { return d.kind == kind; });
}

}  // namespace

bool NearSaturation(const model::KpiPrediction& predicted, const model::Slo& slo) {
  const model::Interval& tail = predicted.Of(SloKind(slo));
  return predicted.throughput_ratio.low < 0.99 || tail.high > kVague * tail.expected;
}

KpiDelta JudgeKpi(const KpiEvidence& input, KpiKind kind, double tolerance) {
  KpiDelta delta;
  delta.kind = kind;
  const Seen seen = TestKpi(input, delta);
  delta.measured = seen.accurate.expected;
  delta.low = seen.accurate.low;
  delta.high = seen.accurate.high;
  AgainstPrediction(input, tolerance, seen, delta);
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
