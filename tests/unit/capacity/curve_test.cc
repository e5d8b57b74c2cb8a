#include "capacity/curve.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <iostream>

#include "unit/sim/plant_run.h"

namespace shadowd::capacity {
namespace {

using sim::DemoPlant;

Curve ThreeLoads(uint64_t seed) {
  std::vector<model::CapacityPoint> points;
  for (const double load : {60.0, 110.0, 160.0}) {
    points.push_back(sim::PointOf(
        sim::RunPlant(DemoPlant(false), load, 60, seed * 10 + static_cast<uint64_t>(load)), "1"));
  }
  return Curve::Fit(points, "1", sim::At(60));
}

TEST_CASE("A curve without points knows nothing") {
  const Curve curve = Curve::Fit({}, "1", sim::At(0));
  CHECK_FALSE(curve.known());
  CHECK_FALSE(curve.Predict(100).known);
  CHECK(curve.MaxLoad({}, 0.5) == 0);
  CHECK_FALSE(curve.SmallestLevel(100, {}, 1, 5, 0.5).holds);
  CHECK(curve.Summary({}).find("too few") != std::string::npos);
}

TEST_CASE("Three loads predict an unseen one within 15 percent") {
  const double truth = sim::PointOf(sim::RunPlant(DemoPlant(false), 135, 400, 1), "1").p95_us;
  int close = 0;
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    const Curve curve = ThreeLoads(seed);
    close += std::abs(curve.Predict(135).p95_us.expected / truth - 1) < 0.15 ? 1 : 0;
  }
  std::cout << "p95 at an unseen load within 15 %: " << close << " of 20\n";
  CHECK(close >= 18);
}

TEST_CASE("The level asked for with confidence is almost never too small") {
  int small = 0;
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    // In truth an instance holds about 182 req/s, so 7 are needed.
    const Curve::Answer answer = ThreeLoads(seed).SmallestLevel(1260, {}, 1, 20, 0.9);
    CHECK(answer.holds);
    CHECK(answer.level <= 9);
    small += answer.level < 7 ? 1 : 0;
  }
  std::cout << "levels too small: " << small << " of 40\n";
  CHECK(small <= 2);
}

TEST_CASE("An overload beyond reason does not move what an instance is known to hold") {
  std::vector<model::CapacityPoint> points;
  for (const double load : {60.0, 110.0, 160.0, 175.0}) {
    points.push_back(
        sim::PointOf(sim::RunPlant(DemoPlant(false), load, 60, 90 + static_cast<uint64_t>(load)), "1"));
  }
  const double before = Curve::Fit(points, "1", sim::At(60)).MaxLoad({}, 0.8);
  model::CapacityPoint flood = points.back();  // a shadow that was fed four times what it can serve
  flood.load_rps = 874;
  flood.requests = 400;
  flood.p50_us = 4'071'000;
  flood.p95_us = 4'752'000;
  flood.p99_us = 4'900'000;
  flood.throughput_ratio = 0.229;
  points.push_back(flood);
  CHECK(Curve::Fit(points, "1", sim::At(60)).MaxLoad({}, 0.8) == Approx(before).epsilon(0.05));
}

TEST_CASE("Predictions are ordered and monotone in load, and widen beyond the data") {
  const Curve curve = ThreeLoads(3);
  model::KpiPrediction last = curve.Predict(20);
  for (double load = 30; load < 300; load += 10) {
    const model::KpiPrediction next = curve.Predict(load);
    CHECK(next.p95_us.expected >= last.p95_us.expected * (1 - 1e-6));
    CHECK(next.p95_us.low <= next.p95_us.expected);
    CHECK(next.p95_us.high >= next.p95_us.expected);
    CHECK(next.p50_us.expected <= next.p95_us.expected);
    CHECK(next.p95_us.expected <= next.p99_us.expected);
    CHECK(next.throughput_ratio.expected <= last.throughput_ratio.expected);
    last = next;
  }
  const auto width = [&](double load) {
    const model::Interval p95 = curve.Predict(load).p95_us;
    return p95.high / p95.low;
  };
  CHECK(width(190) > 1.5 * width(110));
  CHECK(curve.Predict(190).extrapolated);
  CHECK_FALSE(curve.Predict(110).extrapolated);
}

TEST_CASE("CPU per request and memory are those of the plant") {
  const model::KpiPrediction prediction = ThreeLoads(4).Predict(120);
  CHECK(prediction.cpu_us_per_request.expected == Approx(400).epsilon(0.03));
  CHECK(prediction.memory_bytes.expected == Approx(40.2e6).epsilon(0.02));
}

TEST_CASE("Saturated points bound the largest load and do not distort the fit") {
  auto points = sim::ProductionPoints(DemoPlant(false), 30, 120, 20, 5, 2, "1");
  const Curve before = Curve::Fit(points, "1", sim::At(100));
  model::CapacityPoint saturated = sim::PointOf(sim::RunPlant(DemoPlant(false), 260, 20, 4), "1");
  points.push_back(saturated);
  const Curve after = Curve::Fit(points, "1", sim::At(100));
  CHECK(saturated.throughput_ratio < 0.9);
  CHECK(after.MaxLoad({}, 0.5) < 200);
  CHECK(after.Predict(260).throughput_ratio.expected == Approx(200.0 / 260).epsilon(0.1));
  CHECK(after.Predict(90).p95_us.expected == Approx(before.Predict(90).p95_us.expected).epsilon(0.05));
}

TEST_CASE("A new version starts from the old curve, less surely, and takes over its own points") {
  auto points = sim::ProductionPoints(DemoPlant(false), 30, 130, 20, 5, 2, "1");
  const Curve old = Curve::Fit(points, "1", sim::At(100));
  const Curve fresh = Curve::Fit(points, "2", sim::At(100));
  CHECK(old.version_known());
  CHECK(fresh.known());
  CHECK_FALSE(fresh.version_known());
  const model::Interval a = old.Predict(90).p95_us, b = fresh.Predict(90).p95_us;
  CHECK(b.expected == Approx(a.expected).epsilon(0.05));
  CHECK(b.high - b.low > 2 * (a.high - a.low));

  // One light load of the dearer version rescales the whole prior: p50 and CPU moved alike.
  points.push_back(sim::PointOf(sim::RunPlant(DemoPlant(true), 60, 20, 5), "2"));
  const Curve scaled = Curve::Fit(points, "2", sim::At(100));
  CHECK(scaled.Predict(90).p95_us.expected == Approx(50'000).epsilon(0.15));
  CHECK(scaled.MaxLoad({}, 0.5) < 0.85 * old.MaxLoad({}, 0.5));
}

// Six loads an hour ago, three of the same version now.
std::vector<model::CapacityPoint> HistoryAndTrial(bool slower_now, uint64_t seed, int loads_now) {
  std::vector<model::CapacityPoint> points;
  for (double load = 40; load <= 140; load += 20) {
    points.push_back(
        sim::PointOf(sim::RunPlant(DemoPlant(false), load, 60, seed + static_cast<uint64_t>(load)), "1"));
  }
  for (int i = 0; i < loads_now; ++i) {
    const double load = 50 + 25 * i;
    model::CapacityPoint point =
        sim::PointOf(sim::RunPlant(DemoPlant(slower_now), load, 8, seed + static_cast<uint64_t>(load)), "1");
    point.at = sim::At(3600);
    point.source = model::KpiSource::kSynthetic;
    points.push_back(point);
  }
  return points;
}

TEST_CASE("What was measured last replaces what it contradicts, at several loads only") {
  const sim::PlantOptions now = DemoPlant(true);
  const double truth = sim::PointOf(sim::RunPlant(now, 90, 400, 1), "1").p50_us;
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    const Curve adapted = Curve::Fit(HistoryAndTrial(true, seed * 1000, 3), "1", sim::At(3600));
    CHECK(adapted.Predict(90).p50_us.expected == Approx(truth).epsilon(0.1));
    CHECK(adapted.version_known());
    const Curve one_load = Curve::Fit(HistoryAndTrial(true, seed * 1000, 1), "1", sim::At(3600));
    CHECK(one_load.Predict(90).p50_us.expected < 0.85 * truth);
  }
}

TEST_CASE("A trial that agrees with the history does not make the curve less sure") {
  int wider = 0;
  for (uint64_t seed = 1; seed <= 30; ++seed) {
    const auto points = HistoryAndTrial(false, seed * 1000, 3);
    const std::vector<model::CapacityPoint> history(points.begin(), points.begin() + 6);
    const model::Interval a = Curve::Fit(history, "1", sim::At(3600)).Predict(90).p50_us;
    const model::Interval b = Curve::Fit(points, "1", sim::At(3600)).Predict(90).p50_us;
    wider += b.high - b.low > 1.5 * (a.high - a.low) ? 1 : 0;
  }
  CHECK(wider <= 1);
}

TEST_CASE("Errors count against the SLO and never fall with load") {
  std::vector<model::CapacityPoint> points = sim::ProductionPoints(DemoPlant(false), 30, 130, 20, 20, 2, "1");
  for (model::CapacityPoint& point : points) {
    point.error_rate = point.load_rps > 100 ? 0.05 : 0;
  }
  const Curve curve = Curve::Fit(points, "1", sim::At(100));
  CHECK(curve.Predict(60).error_rate.expected < 0.001);
  CHECK(curve.Predict(125).error_rate.expected == Approx(0.05).epsilon(0.1));
  CHECK(curve.Predict(500).error_rate.expected >= curve.Predict(125).error_rate.expected);
  CHECK(curve.MaxLoad({}, 0.5) == Approx(100).margin(6));
}

TEST_CASE("A few requests without an error at night do not hide what many showed by day") {
  std::vector<model::CapacityPoint> points = sim::ProductionPoints(DemoPlant(false), 60, 130, 20, 20, 2, "1");
  for (model::CapacityPoint& point : points) {
    point.error_rate = 0.0005;
  }
  model::CapacityPoint night = points.front();
  night.load_rps = 5;
  night.requests = 40;
  night.error_rate = 0;
  points.push_back(night);
  const Curve curve = Curve::Fit(points, "1", sim::At(100));
  const model::Slo slo{.error_rate_max = 0.01};
  CHECK(curve.ProbabilityHolds(5, slo) > 0.95);
  CHECK(curve.ProbabilityHolds(5, slo) >= curve.ProbabilityHolds(100, slo));
  CHECK(curve.MaxLoad(slo, 0.8) > 120);
}

TEST_CASE("Points that are no measurements are ignored") {
  auto points = sim::ProductionPoints(DemoPlant(false), 30, 130, 20, 5, 2, "1");
  const double before = Curve::Fit(points, "1", sim::At(100)).MaxLoad({}, 0.5);
  model::CapacityPoint bad = points[0];
  bad.load_rps = NAN;
  points.push_back(bad);
  bad = points[0];
  bad.load_rps = -5;
  points.push_back(bad);
  bad = points[0];
  bad.requests = 0;
  points.push_back(bad);
  CHECK(Curve::Fit(points, "1", sim::At(100)).MaxLoad({}, 0.5) == before);
}

TEST_CASE("The mean relative error is that of p95 and CPU") {
  const Curve curve = ThreeLoads(6);
  model::CapacityPoint point;
  point.load_rps = 100;
  point.p95_us = curve.Predict(100).p95_us.expected * 1.2;
  point.cpu_cores = curve.Predict(100).cpu_us_per_request.expected * 1e-6 * 100;
  CHECK(MeanRelativeError(curve, std::vector{point}) == Approx(0.1).epsilon(0.01));
  CHECK(MeanRelativeError(curve, {}) == 0);
}

}  // namespace
}  // namespace shadowd::capacity
