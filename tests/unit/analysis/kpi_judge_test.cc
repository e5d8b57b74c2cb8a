#include "analysis/kpi_judge.h"

#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <cmath>

#include "base/rng.h"

namespace shadowd::analysis {
namespace {

using model::KpiDelta;
using model::KpiKind;
using model::ModelAxis;
using model::SloAxis;
using std::chrono::milliseconds;

constexpr double kMeanUs = 20'000;
const double kMedianUs = kMeanUs * std::log(2.0);
const double kP95Us = kMeanUs * std::log(20.0);

// What one judgement needs, with a prediction that is right about Requests() below.
struct Input {
  ArmRecord record{{.check_starved = false}};
  model::KpiPrediction predicted;
  model::Slo slo;
  Normaliser normaliser;
  double pooled_requests = 0;
  double pooled_errors = 0;

  Input() {
    predicted.known = true;
    predicted.p50_us = {kMedianUs, kMedianUs, kMedianUs};
    predicted.p95_us = {kP95Us, kP95Us, kP95Us};
    predicted.throughput_ratio = {1, 1, 1};
    predicted.error_rate = {0, 0, 0};
    predicted.cpu_us_per_request = {400, 400, 400};
    predicted.memory_bytes = {1e6, 1e6, 1e6};
    slo.latency_quantile = 0.95;
    slo.latency_limit = milliseconds(100);
    slo.error_rate_max = 0.01;
  }
  KpiDelta Judge(KpiKind kind, double tolerance = 0.2) const {
    return JudgeKpi({.record = record,
                     .predicted = predicted,
                     .slo = slo,
                     .alpha = {0.01, 0.01, 0.01, 0.01},
                     .normaliser = normaliser,
                     .pooled_requests = pooled_requests,
                     .pooled_errors = pooled_errors},
                    kind, tolerance);
  }
};

model::KpiWindow Window(uint64_t offered, uint64_t completed, uint64_t errors = 0) {
  model::KpiWindow window;
  window.length = std::chrono::seconds(1);
  window.offered = offered;
  window.completed = completed;
  window.errors = errors;
  window.cpu_seconds = 400e-6 * static_cast<double>(completed);
  window.memory_bytes = 1e6;
  return window;
}

// Ten windows, so that it shows whether errors come in bursts.
void Answers(Input& input, uint64_t requests, uint64_t errors = 0) {
  for (int i = 0; i < 10; ++i) {
    input.record.Add(Window(requests / 10, requests / 10, errors / 10));
  }
}

// Independent, exponential latencies in windows of 200 requests.
void Requests(Input& input, int windows, uint64_t seed) {
  Rng rng(seed);
  for (int i = 0; i < windows; ++i) {
    model::KpiWindow window = Window(200, 200);
    for (int j = 0; j < 200; ++j) {
      window.latency_us.push_back(static_cast<uint32_t>(rng.Exponential(kMeanUs)));
    }
    input.record.Add(window);
  }
}

TEST_CASE("The tail holds under its limit, fails over it, and is never called wrongly near it") {
  Input input;
  Requests(input, 40, GENERATE(range(1, 9)));
  const auto judged = [&](double share_of_truth) {
    input.slo.latency_limit = Micros(static_cast<int64_t>(kP95Us * share_of_truth));
    return input.Judge(KpiKind::kLatencyP95).slo;
  };
  CHECK(judged(2) == SloAxis::kHolds);
  CHECK(judged(0.5) == SloAxis::kFails);
  CHECK(judged(1.01) != SloAxis::kFails);
  CHECK(judged(0.99) != SloAxis::kHolds);
}

TEST_CASE("The interval of a quantile has the truth in it") {
  int missed = 0;
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    Input input;
    Requests(input, 5 + static_cast<int>(seed % 20), seed);
    for (const auto& [kind, truth] :
         {std::pair(KpiKind::kLatencyP50, kMedianUs), std::pair(KpiKind::kLatencyP95, kP95Us)}) {
      const KpiDelta delta = input.Judge(kind);
      missed += delta.low <= truth && truth <= delta.high ? 0 : 1;
      REQUIRE(delta.low <= delta.measured);
      REQUIRE(delta.measured <= delta.high);
    }
  }
  CHECK(missed <= 4);  // of 120 with an error bound of 1 % each
}

TEST_CASE("Normalised latencies scale, and so does the limit that they keep to") {
  const double ratio = GENERATE(0.5, 2.0, 4.0);
  Input plain;
  Requests(plain, 40, 3);
  Input scaled = plain;
  scaled.normaliser.ratios = {{KpiKind::kLatencyP95, 1, 1, {ratio, ratio, ratio}}};
  for (const int limit_ms : {20, 40, 55, 60, 65, 80, 200}) {
    plain.slo.latency_limit = milliseconds(limit_ms);
    scaled.slo.latency_limit = Micros(static_cast<int64_t>(limit_ms * 1000 * ratio));
    const KpiDelta before = plain.Judge(KpiKind::kLatencyP95);
    const KpiDelta after = scaled.Judge(KpiKind::kLatencyP95);
    CHECK(after.slo == before.slo);
    CHECK(after.measured == Approx(ratio * before.measured));
    CHECK(after.low == Approx(ratio * before.low));
    CHECK(after.high == Approx(ratio * before.high));
  }
}

TEST_CASE("Few samples leave the tail without an upper limit and settle nothing") {
  Input input;
  model::KpiWindow window = Window(20, 20);
  window.latency_us.assign(20, 1000);
  input.record.Add(window);
  const KpiDelta delta = input.Judge(KpiKind::kLatencyP95);
  CHECK(std::isinf(delta.high));
  CHECK(delta.slo == SloAxis::kUnknown);
  CHECK(delta.model == ModelAxis::kUnknown);
  CHECK(Input().Judge(KpiKind::kLatencyP95).slo == SloAxis::kUnknown);  // and none neither
}

TEST_CASE("Of the latencies only the quantile that the SLO names is held against it") {
  const auto [quantile, named] = GENERATE(table<double, KpiKind>(
      {{0.5, KpiKind::kLatencyP50}, {0.95, KpiKind::kLatencyP95}, {0.99, KpiKind::kLatencyP99}}));
  Input input;
  input.slo.latency_quantile = quantile;
  input.slo.latency_limit = milliseconds(1);
  Requests(input, 40, 1);
  CHECK(model::SloKind(input.slo) == named);
  for (const KpiKind kind : {KpiKind::kLatencyP50, KpiKind::kLatencyP95, KpiKind::kLatencyP99}) {
    CHECK(input.Judge(kind).slo == (kind == named ? SloAxis::kFails : SloAxis::kUnknown));
  }
}

TEST_CASE("A backlog fails on throughput once it is more than what is in flight") {
  const auto [offered, completed, slo] = GENERATE(table<uint64_t, uint64_t, SloAxis>(
      {{199, 0, SloAxis::kUnknown},  // too few to say
       {200, 200, SloAxis::kHolds},
       {300, 281, SloAxis::kHolds},  // 19 may be under way
       {300, 279, SloAxis::kFails},
       {1000, 951, SloAxis::kHolds},
       {1000, 949, SloAxis::kFails},  // more than a twentieth is unanswered
       {1000, 1020, SloAxis::kHolds}}));
  Input input;
  input.slo.latency_limit = milliseconds(10);
  input.record.Add(Window(offered, completed));
  CAPTURE(offered, completed);
  CHECK(input.Judge(KpiKind::kThroughput).slo == slo);
}

TEST_CASE("What is inside while the SLO holds is no backlog") {
  Input input;
  input.record.Add(Window(300, 250));  // 300 req/s that may take 100 ms: 30 inside, at times 60
  CHECK(input.Judge(KpiKind::kThroughput).slo == SloAxis::kHolds);
  input.record.Add(Window(300, 230));
  CHECK(input.Judge(KpiKind::kThroughput).slo == SloAxis::kFails);
}

TEST_CASE("Errors are judged by the arm itself, and where they hold by it and its heavier neighbours") {
  Input input;
  SECTION("many requests without an error hold") {
    Answers(input, 10'000);
    CHECK(input.Judge(KpiKind::kErrorRate).slo == SloAxis::kHolds);
  }
  SECTION("five times the limit fails") {
    Answers(input, 10'000, 500);
    CHECK(input.Judge(KpiKind::kErrorRate).slo == SloAxis::kFails);
  }
  SECTION("five times the limit in one burst is one event") {
    Answers(input, 9000);
    input.record.Add(Window(1000, 1000, 500));
    CHECK(input.Judge(KpiKind::kErrorRate).slo == SloAxis::kUnknown);
  }
  SECTION("as many as are allowed is not known") {
    Answers(input, 10'000, 100);
    CHECK(input.Judge(KpiKind::kErrorRate).slo == SloAxis::kUnknown);
  }
  SECTION("few requests hold only with those of the others") {
    Answers(input, 200);
    CHECK(input.Judge(KpiKind::kErrorRate).slo == SloAxis::kUnknown);
    input.pooled_requests = 10'000;
    CHECK(input.Judge(KpiKind::kErrorRate).slo == SloAxis::kHolds);
  }
}

TEST_CASE(
    "A prediction is off on either side of what it allowed for, and accurate within the tolerance alone") {
  Input input;
  Requests(input, 60, GENERATE(1, 2, 3));
  const auto judged = [&](double expected, double low, double high) {
    input.predicted.p50_us = {expected, low, high};
    return input.Judge(KpiKind::kLatencyP50);
  };
  const auto at = [&](double share) {
    return judged(share * kMedianUs, share * kMedianUs, share * kMedianUs);
  };
  CHECK(at(1).model == ModelAxis::kAccurate);
  CHECK(at(1).delta == Approx(0).margin(0.05));
  CHECK(at(2).model == ModelAxis::kOff);
  CHECK(at(2).delta == Approx(-0.5).margin(0.03));
  CHECK(at(0.5).model == ModelAxis::kOff);
  CHECK(at(0.5).delta == Approx(1).margin(0.1));
  // A vague prediction is not off, but that does not make it accurate.
  CHECK(judged(2 * kMedianUs, 0.8 * kMedianUs, 3 * kMedianUs).model == ModelAxis::kUnknown);
  CHECK(judged(kMedianUs, 0.2 * kMedianUs, 3 * kMedianUs).model == ModelAxis::kAccurate);
  CHECK(at(1.2).model == ModelAxis::kUnknown);  // the lower end of the band lies inside the interval
}

TEST_CASE("A queue that may just have been empty is not believed to be a faster service") {
  Input input;
  Requests(input, 3, 1);  // three seconds, 20 ms in the mean
  const auto judged = [&](double expected) {
    input.predicted.p50_us = {expected, expected, expected};
    return input.Judge(KpiKind::kLatencyP50).model;
  };
  CHECK(judged(2 * kMedianUs) == ModelAxis::kUnknown);
  CHECK(judged(0.5 * kMedianUs) == ModelAxis::kOff);  // one that was busy has shown it
  Requests(input, 10, 2);
  CHECK(judged(2 * kMedianUs) == ModelAxis::kOff);
}

TEST_CASE("Without a prediction there is nothing to be off from") {
  Input input;
  Requests(input, 60, 1);
  input.predicted.known = false;
  for (const KpiKind kind : model::kAllKpis) {
    CAPTURE(model::KpiName(kind));
    CHECK(input.Judge(kind).model == ModelAxis::kUnknown);
  }
}

TEST_CASE("No error predicted is accurate as long as errors stay far below the limit") {
  const auto [errors, axis] = GENERATE(table<uint64_t, ModelAxis>(
      {{0, ModelAxis::kAccurate}, {10, ModelAxis::kAccurate}, {500, ModelAxis::kOff}}));
  Input input;
  Answers(input, 10'000, errors);
  CHECK(input.Judge(KpiKind::kErrorRate).model == axis);
}

TEST_CASE("CPU and memory are judged against the prediction alone, once there is enough of them") {
  Input input;
  for (int i = 0; i < 3; ++i) {
    input.record.Add(Window(200, 200));
  }
  CHECK(input.Judge(KpiKind::kCpuPerRequest).model == ModelAxis::kUnknown);
  CHECK(std::isinf(input.Judge(KpiKind::kCpuPerRequest).high));
  for (int i = 0; i < 7; ++i) {
    input.record.Add(Window(200, 200));
  }
  CHECK(input.Judge(KpiKind::kCpuPerRequest).model == ModelAxis::kAccurate);
  CHECK(input.Judge(KpiKind::kMemory).model == ModelAxis::kAccurate);
  input.predicted.cpu_us_per_request = {600, 600, 600};
  input.predicted.memory_bytes = {2e6, 2e6, 2e6};
  for (const KpiKind kind : {KpiKind::kCpuPerRequest, KpiKind::kMemory}) {
    CHECK(input.Judge(kind).model == ModelAxis::kOff);
    CHECK(input.Judge(kind).slo == SloAxis::kUnknown);
  }
}

TEST_CASE("A service whose CPU and memory nobody can read is unknown in both") {
  Input input;
  for (int i = 0; i < 10; ++i) {
    model::KpiWindow window = Window(200, 200);
    window.cpu_seconds = -1;
    window.memory_bytes = -1;
    input.record.Add(window);
  }
  CHECK(input.Judge(KpiKind::kCpuPerRequest).model == ModelAxis::kUnknown);
  CHECK(input.Judge(KpiKind::kMemory).model == ModelAxis::kUnknown);
}

TEST_CASE("A prediction of saturation, or a vague one, is near saturation") {
  model::Slo slo;
  slo.latency_quantile = 0.95;
  model::KpiPrediction predicted;
  predicted.p95_us = {100, 60, 200};
  predicted.throughput_ratio = {1, 0.99, 1};
  CHECK_FALSE(NearSaturation(predicted, slo));
  predicted.p95_us.high = 201;
  CHECK(NearSaturation(predicted, slo));
  predicted.p95_us.high = 120;
  predicted.throughput_ratio.low = 0.98;
  CHECK(NearSaturation(predicted, slo));
}

std::vector<KpiDelta> Deltas() {
  std::vector<KpiDelta> kpis;
  for (const KpiKind kind : model::kAllKpis) {
    KpiDelta delta;
    delta.kind = kind;
    delta.predicted = delta.measured = 1;
    delta.model = ModelAxis::kAccurate;
    delta.slo = SloAxis::kUnknown;
    kpis.push_back(delta);
  }
  return kpis;
}
KpiDelta& Of(std::vector<KpiDelta>& kpis, KpiKind kind) {
  return *std::find_if(kpis.begin(), kpis.end(), [kind](const KpiDelta& d) { return d.kind == kind; });
}

TEST_CASE("The SLO holds when tail, throughput and errors hold, and fails with any of them") {
  const std::array axes = {SloAxis::kUnknown, SloAxis::kHolds, SloAxis::kFails};
  const std::array deciding = {KpiKind::kLatencyP95, KpiKind::kThroughput, KpiKind::kErrorRate};
  model::Slo slo;
  slo.latency_quantile = 0.95;
  for (size_t i = 0; i < 27; ++i) {
    const std::array chosen = {axes[i % 3], axes[i / 3 % 3], axes[i / 9]};
    std::vector<KpiDelta> kpis = Deltas();
    for (size_t k = 0; k < deciding.size(); ++k) {
      Of(kpis, deciding[k]).slo = chosen[k];
    }
    const auto count = [&](SloAxis axis) { return std::count(chosen.begin(), chosen.end(), axis); };
    CAPTURE(i);
    const SloAxis combined = CombineSlo(kpis, slo);
    CHECK((combined == SloAxis::kFails) == (count(SloAxis::kFails) > 0));
    CHECK((combined == SloAxis::kHolds) == (count(SloAxis::kHolds) == 3));
  }
}

TEST_CASE("The model is off with any KPI that counts, and accurate when the work per request is") {
  Input input;
  std::vector<KpiDelta> kpis = Deltas();
  const auto combined = [&] { return CombineModel(kpis, input.predicted, input.slo); };
  REQUIRE(combined() == ModelAxis::kAccurate);
  SECTION("each KPI by itself: p99 is not in this SLO, memory never decides") {
    for (const KpiKind kind : model::kAllKpis) {
      CAPTURE(model::KpiName(kind));
      Of(kpis, kind).model = ModelAxis::kOff;
      const bool counts = kind != KpiKind::kLatencyP99 && kind != KpiKind::kMemory;
      CHECK(combined() == (counts ? ModelAxis::kOff : ModelAxis::kAccurate));
      Of(kpis, kind).model = ModelAxis::kAccurate;
    }
  }
  SECTION("a tail that says nothing near saturation") {
    Of(kpis, KpiKind::kLatencyP95).model = ModelAxis::kOff;
    input.predicted.throughput_ratio.low = 0.9;
    CHECK(combined() == ModelAxis::kAccurate);
  }
  SECTION("work that is not settled yet") {
    Of(kpis, KpiKind::kCpuPerRequest).model = ModelAxis::kUnknown;
    CHECK(combined() == ModelAxis::kUnknown);
  }
  SECTION("CPU that cannot be measured does not stand in the way") {
    Of(kpis, KpiKind::kCpuPerRequest).model = ModelAxis::kUnknown;
    Of(kpis, KpiKind::kCpuPerRequest).measured = 0;
    CHECK(combined() == ModelAxis::kAccurate);
    Of(kpis, KpiKind::kLatencyP50).model = ModelAxis::kUnknown;
    Of(kpis, KpiKind::kLatencyP50).measured = 0;
    CHECK(combined() == ModelAxis::kUnknown);
  }
  SECTION("where the work itself is not predicted, the SLO's quantile stands for it") {
    for (const KpiKind kind : {KpiKind::kLatencyP50, KpiKind::kCpuPerRequest}) {
      Of(kpis, kind).predicted = 0;
      Of(kpis, kind).model = ModelAxis::kUnknown;
    }
    CHECK(combined() == ModelAxis::kAccurate);
    Of(kpis, KpiKind::kLatencyP99).model = ModelAxis::kUnknown;
    CHECK(combined() == ModelAxis::kAccurate);
    Of(kpis, KpiKind::kLatencyP95).model = ModelAxis::kUnknown;
    CHECK(combined() == ModelAxis::kUnknown);
    Of(kpis, KpiKind::kLatencyP95).model = ModelAxis::kOff;
    CHECK(combined() == ModelAxis::kOff);
  }
  SECTION("a curve that predicts nothing") {
    Of(kpis, KpiKind::kLatencyP50).model = ModelAxis::kOff;
    input.predicted.known = false;
    CHECK(combined() == ModelAxis::kUnknown);
  }
}

}  // namespace
}  // namespace shadowd::analysis
