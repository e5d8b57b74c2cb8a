#include "bench/analysis_runs.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "analysis/engine.h"
#include "analysis/latency_record.h"
#include "bench/rank_judge.h"
#include "bench/request_stream.h"
#include "unit/sim/plant_run.h"

namespace shadowd::bench {
namespace {

using model::ModelAxis;
using model::SloAxis;

constexpr double kTolerance = 0.10;
constexpr double kAlpha = 0.05;
constexpr int kWindows = 60;
constexpr size_t kRankWindowsMin = 5;
constexpr int kRequestsMax = 400'000;

model::KpiPrediction Exactly(const TrueLatency& truth) {
  model::KpiPrediction predicted;
  predicted.known = true;
  predicted.p50_us = {truth.p50_us, truth.p50_us, truth.p50_us};
  predicted.p95_us = {truth.p95_us, truth.p95_us, truth.p95_us};
  predicted.p99_us = {truth.p99_us, truth.p99_us, truth.p99_us};
  predicted.throughput_ratio = {1, 1, 1};
  predicted.error_rate = {0, 0, 0};
  predicted.cpu_us_per_request = predicted.memory_bytes = {-1, -1, -1};
  return predicted;
}

model::KpiPrediction OnlyQuantile(int percentile, double us) {
  model::KpiPrediction predicted = Exactly({});
  predicted.p50_us = predicted.p95_us = predicted.p99_us = predicted.error_rate = {-1, -1, -1};
  (percentile == 50 ? predicted.p50_us : (percentile == 95 ? predicted.p95_us : predicted.p99_us)) = {us, us,
                                                                                                      us};
  return predicted;
}

double Of(const TrueLatency& truth, int percentile) {
  return percentile == 50 ? truth.p50_us : (percentile == 95 ? truth.p95_us : truth.p99_us);
}

analysis::EngineOptions Options(double quantile, double limit_us) {
  analysis::EngineOptions options;
  options.alpha = kAlpha;
  options.tolerance = kTolerance;
  options.warm_up = Micros(0);
  options.slo.latency_quantile = quantile;
  options.slo.latency_limit = Micros(static_cast<int64_t>(limit_us));
  return options;
}

model::Arm OneArm(const model::KpiPrediction& predicted) {
  model::Arm arm;
  arm.level = 1;
  arm.predicted = predicted;
  return arm;
}

void Alarms(const StreamKind& kind, const TrueLatency& truth, uint64_t seed, FalseAlarms& sum) {
  RequestStream shadow(kind, seed * 2), production(kind, seed * 2 + 1);
  analysis::Engine engine(Options(0.95, truth.p95_us), {OneArm(Exactly(truth))});
  std::vector<double> shadow_p95, production_p95;
  bool off = false, fails = false, accurate = false, rank = false, judged = false;
  RankTest test;
  for (int i = 0; i < kWindows; ++i) {
    const model::KpiWindow window = shadow.Next(), beside = production.Next();
    engine.AddShadowWindow(0, window);
    const model::ArmVerdict verdict = engine.Verdicts(i + 1 == kWindows)[0];
    off = off || verdict.model == ModelAxis::kOff;
    fails = fails || verdict.slo == SloAxis::kFails;
    accurate = accurate || verdict.model == ModelAxis::kAccurate;
    shadow_p95.push_back(sim::SampleQuantile(window.latency_us, 0.95));
    production_p95.push_back(sim::SampleQuantile(beside.latency_us, 0.95));
    if (shadow_p95.size() >= kRankWindowsMin) {
      test = MannWhitney(shadow_p95, production_p95, kRankConfidenceZ);
      rank = rank || std::abs(test.z) > kRankConfidenceZ;
      judged = judged || JudgeByRanks(test) != RankVerdict::kPass;
    }
  }
  sum.off += off ? 1 : 0;
  sum.fails += fails ? 1 : 0;
  sum.alarms += off || fails ? 1 : 0;
  sum.accurate += accurate ? 1 : 0;
  sum.rank_end += std::abs(test.z) > kRankConfidenceZ ? 1 : 0;
  sum.rank_ever += rank ? 1 : 0;
  sum.judge_ever += judged ? 1 : 0;
}

// Feeds windows until the model axis has a verdict or the requests are used up; requests used.
template <typename Verdict>
int Feed(RequestStream& stream, int requests_max, Verdict verdict) {
  int used = 0;
  while (used < requests_max) {
    used += kWindowRequests;
    if (verdict(stream.Next())) {
      break;
    }
  }
  return used;
}

double Percentile(std::vector<double> values, double p) {
  std::sort(values.begin(), values.end());
  return values[static_cast<size_t>(p * static_cast<double>(values.size() - 1))];
}

struct Reference {
  int percentile, error_percent;
  double median, ninth_decile;
};
constexpr std::array kReferences = {
    Reference{50, 0, 1400, 1800},  Reference{95, 0, 2900, 4500},    Reference{99, 0, 7800, 12'000},
    Reference{50, 5, 3100, 5300},  Reference{95, 5, 7000, 14'000},  Reference{99, 5, 20'000, 41'000},
    Reference{50, 15, 3200, 5300}, Reference{95, 15, 6400, 13'000}, Reference{99, 15, 20'000, 41'000},
    Reference{50, 20, 1400, 2000}, Reference{95, 20, 2500, 3900},   Reference{99, 20, 5300, 9900},
    Reference{50, 30, 650, 820},   Reference{95, 30, 950, 1300},    Reference{99, 30, 1800, 3100},
    Reference{50, 50, 340, 0},     Reference{95, 50, 420, 0},       Reference{99, 50, 650, 1000}};

// One test at alpha, looked at every 5 % more requests; > 0 requests used, < 0 where the verdict is wrong.
double OneTest(const Reference& cell, const TrueLatency& truth, uint64_t seed) {
  const double predicted = Of(truth, cell.percentile);
  const double p = cell.percentile / 100.0;
  RequestStream stream({}, seed, 1 + cell.error_percent / 100.0);
  analysis::LatencyRecord record;
  double next_look = 0;
  while (record.count() < kRequestsMax) {
    record.Add(stream.Next().latency_us);
    const auto used = static_cast<double>(record.count());
    if (used < next_look) {
      continue;
    }
    next_look = used * 1.05;
    const model::Interval seen = record.QuantileInterval(p, kAlpha);
    if (seen.low > predicted * (1 + kTolerance) || seen.high < predicted * (1 - kTolerance)) {
      return cell.error_percent > 10 ? used : -used;
    }
    if (seen.low >= predicted * (1 - kTolerance) && seen.high <= predicted * (1 + kTolerance)) {
      return cell.error_percent <= 10 ? used : -used;
    }
  }
  return kRequestsMax;
}

}  // namespace

std::vector<FalseAlarms> RunFalseAlarms(RunSize size) {
  std::vector<FalseAlarms> results;
  for (const StreamKind& kind :
       {StreamKind{"independent"}, StreamKind{"AR(1) 0.9", 0.9}, StreamKind{"M/G/4 at 0.6", 0, 0.6},
        StreamKind{"M/G/4 at 0.8", 0, 0.8}, StreamKind{"M/G/4 at 0.9", 0, 0.9}}) {
    FalseAlarms sum{kind.name, size.trials};
    const TrueLatency truth = TruthOf(kind);
    for (int trial = 0; trial < size.trials; ++trial) {
      Alarms(kind, truth, size.seed + static_cast<uint64_t>(trial), sum);
    }
    results.push_back(sum);
  }
  return results;
}

std::vector<Power> RunPower(RunSize size) {
  struct Case {
    const char* name;
    int percentile, requests;
    double correlation, slower;
    ModelAxis right;
  };
  constexpr std::array kCases = {
      Case{"p95 as predicted, independent", 95, 6000, 0, 1, ModelAxis::kAccurate},
      Case{"p99 as predicted, independent", 99, 12'000, 0, 1, ModelAxis::kAccurate},
      Case{"p95 30 % off, AR(1) 0.9", 95, 8000, 0.9, 1.3, ModelAxis::kOff}};
  std::vector<Power> results;
  for (const Case& c : kCases) {
    Power power{c.name, c.requests, size.trials};
    const double us = Of(TruthOf({}), c.percentile);
    for (int trial = 0; trial < size.trials; ++trial) {
      RequestStream stream({"", c.correlation}, size.seed + static_cast<uint64_t>(trial), c.slower);
      analysis::Engine engine(Options(c.percentile / 100.0, 1e9), {OneArm(OnlyQuantile(c.percentile, us))});
      ModelAxis axis = ModelAxis::kUnknown;
      Feed(stream, c.requests, [&](const model::KpiWindow& window) {
        engine.AddShadowWindow(0, window);
        axis = engine.Verdicts(false)[0].model;
        return axis != ModelAxis::kUnknown;
      });
      power.right += axis == c.right ? 1 : 0;
      power.wrong += axis != c.right && axis != ModelAxis::kUnknown ? 1 : 0;
    }
    results.push_back(power);
  }
  return results;
}

std::vector<Samples> RunSamples(RunSize size) {
  std::vector<Samples> results;
  const TrueLatency truth = TruthOf({});
  for (const Reference& cell : kReferences) {
    Samples samples{cell.percentile, cell.error_percent, 0, 0,
                    cell.median,     cell.ninth_decile,  0, size.trials};
    std::vector<double> used;
    for (int trial = 0; trial < size.trials; ++trial) {
      const double requests = OneTest(cell, truth, size.seed + static_cast<uint64_t>(trial));
      samples.wrong += requests < 0 ? 1 : 0;
      used.push_back(std::abs(requests));
    }
    samples.median = Percentile(used, 0.5);
    samples.ninth_decile = Percentile(used, 0.9);
    results.push_back(samples);
  }
  return results;
}

std::vector<CostFactor> RunCostFactors(RunSize size) {
  struct Case {
    const char* name;
    size_t arms;
    bool all_kpis;
  };
  constexpr std::array kCases = {
      Case{"one arm, one KPI", 1, false}, Case{"one arm, p50, p95 and errors", 1, true},
      Case{"three arms, one KPI", 3, false}, Case{"four arms, p50, p95 and errors", 4, true}};
  const TrueLatency truth = TruthOf({});
  std::vector<double> single;
  for (int trial = 0; trial < size.trials; ++trial) {
    single.push_back(std::abs(OneTest({95, 0, 1, 1}, truth, size.seed + static_cast<uint64_t>(trial))));
  }
  std::vector<CostFactor> results;
  for (const Case& c : kCases) {
    std::vector<double> used;
    for (int trial = 0; trial < size.trials; ++trial) {
      const model::Arm arm = OneArm(c.all_kpis ? Exactly(truth) : OnlyQuantile(95, truth.p95_us));
      analysis::Engine engine(Options(0.95, 1e9), std::vector<model::Arm>(c.arms, arm));
      RequestStream stream({}, size.seed + static_cast<uint64_t>(trial));
      double next_look = 0, requests = 0;
      Feed(stream, kRequestsMax, [&](const model::KpiWindow& window) {
        engine.AddShadowWindow(0, window);
        requests += kWindowRequests;
        if (requests < next_look) {
          return false;
        }
        next_look = requests * 1.05;
        const std::vector<model::KpiDelta> kpis = engine.Verdicts(false)[0].kpis;
        return std::any_of(kpis.begin(), kpis.end(), [](const model::KpiDelta& delta) {
          return delta.kind == model::KpiKind::kLatencyP95 && delta.model == ModelAxis::kAccurate;
        });
      });
      used.push_back(requests);
    }
    results.push_back({c.name, Percentile(used, 0.5) / Percentile(single, 0.5)});
  }
  return results;
}

}  // namespace shadowd::bench
