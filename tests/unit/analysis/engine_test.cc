#include "analysis/engine.h"

#include <catch2/catch.hpp>

#include "unit/sim/plant_run.h"

namespace shadowd::analysis {
namespace {

using model::ModelAxis;
using model::SloAxis;

capacity::Curve KnownCurve() {
  const auto points = sim::ProductionPoints(sim::DemoPlant(false), 30, 130, 20, 5, 3, "1");
  return capacity::Curve::Fit(points, "1", sim::At(100));
}

model::Arm MakeArm(int level, double load, model::ArmRole role = model::ArmRole::kCandidate) {
  model::Arm arm;
  arm.level = level;
  arm.load_rps = load;
  arm.role = role;
  static const capacity::Curve kCurve = KnownCurve();
  arm.predicted = kCurve.Predict(load);
  return arm;
}

void Feed(Engine& engine, size_t arm, const sim::PlantOptions& options, double load, int seconds,
          void (*spoil)(model::KpiWindow&) = nullptr) {
  for (model::KpiWindow window : sim::RunPlant(options, load, seconds, 17 + arm)) {
    if (spoil != nullptr) {
      spoil(window);
    }
    engine.AddShadowWindow(arm, window);
  }
}

TEST_CASE("A light load holds as predicted") {
  Engine engine({}, {MakeArm(6, 90)});
  CHECK_FALSE(engine.Settled());
  Feed(engine, 0, sim::DemoPlant(false), 90, 14);
  const model::ArmVerdict verdict = engine.Verdicts(false)[0];
  INFO(verdict.reason);
  CHECK(verdict.slo == SloAxis::kHolds);
  CHECK(verdict.model == ModelAxis::kAccurate);
  CHECK(verdict.kpis.size() == model::kAllKpis.size());
  CHECK(engine.Settled());
}

TEST_CASE("Overload fails on throughput and latency") {
  Engine engine({}, {MakeArm(2, 270)});
  Feed(engine, 0, sim::DemoPlant(false), 270, 10);
  const model::ArmVerdict verdict = engine.Verdicts(false)[0];
  INFO(verdict.reason);
  CHECK(verdict.slo == SloAxis::kFails);
  CHECK(verdict.cause == model::Cause::kInsufficient);
  CHECK(engine.Settled());
}

TEST_CASE("Errors over the SLO fail whatever the latency") {
  sim::PlantOptions options = sim::DemoPlant(false);
  options.error_rate = 0.05;
  Engine engine({}, {MakeArm(6, 90)});
  Feed(engine, 0, options, 90, 15);
  CHECK(engine.Verdicts(false)[0].slo == SloAxis::kFails);
}

TEST_CASE("Dearer requests are off the prediction although the SLO holds") {
  Engine engine({}, {MakeArm(6, 90)});
  Feed(engine, 0, sim::DemoPlant(true), 90, 20);
  const model::ArmVerdict verdict = engine.Verdicts(false)[0];
  INFO(verdict.reason);
  CHECK(verdict.slo == SloAxis::kHolds);
  CHECK(verdict.model == ModelAxis::kOff);
  CHECK(verdict.cause == model::Cause::kModelInaccurate);
  CHECK(verdict.reason.find("cpu_us_per_request") != std::string::npos);
}

TEST_CASE("Far cheaper requests are off the prediction too") {
  sim::PlantOptions options = sim::DemoPlant(false);
  options.service_ms = 12;
  options.cpu_ms = 0.24;
  Engine engine({}, {MakeArm(6, 90)});
  Feed(engine, 0, options, 90, 14);
  CHECK(engine.Verdicts(false)[0].model == ModelAxis::kOff);
}

TEST_CASE("A machine that is too busy leaves the arm unknown and says so") {
  Engine engine({}, {MakeArm(6, 90)});
  Feed(engine, 0, sim::DemoPlant(false), 90, 14, [](model::KpiWindow& window) {
    window.run_delay_seconds = window.start.time_since_epoch() % std::chrono::seconds(2) == Micros(0) ? 1 : 0;
  });
  const model::ArmVerdict verdict = engine.Verdicts(true)[0];
  CHECK(verdict.slo == SloAxis::kUnknown);
  CHECK(verdict.reason.find("too busy") != std::string::npos);
  CHECK(verdict.windows_void > 0);
  CHECK_FALSE(engine.Settled());
  CHECK(engine.Points("1", sim::At(200), 2).empty());  // and teaches nothing
}

TEST_CASE("A null shadow that differs from production leaves candidates unknown, unless versions differ") {
  EngineOptions options;
  options.null_normalises = GENERATE(true, false);
  Engine engine(options, {MakeArm(6, 90), MakeArm(6, 90, model::ArmRole::kNull)});
  Feed(engine, 0, sim::DemoPlant(false), 90, 14);
  Feed(engine, 1, sim::DemoPlant(false), 90, 14);
  for (const model::KpiWindow& window : sim::RunPlant(sim::DemoPlant(true), 90, 14, 99)) {
    engine.AddProductionWindow(window);
  }
  const model::ArmVerdict verdict = engine.Verdicts(true)[0];
  INFO(verdict.reason);
  CHECK(verdict.slo == (options.null_normalises ? SloAxis::kUnknown : SloAxis::kHolds));
  CHECK(verdict.reason.find("null") != std::string::npos);
}

TEST_CASE("A null shadow like production changes nothing") {
  Engine engine({}, {MakeArm(6, 90), MakeArm(6, 90, model::ArmRole::kNull)});
  Feed(engine, 0, sim::DemoPlant(false), 90, 14);
  Feed(engine, 1, sim::DemoPlant(false), 90, 14);
  for (model::KpiWindow window : sim::RunPlant(sim::DemoPlant(false), 90, 14, 99)) {
    for (uint32_t& latency : window.latency_us) {
      latency = (latency + 999) / 1000 * 1000;  // a log with a resolution of 1 ms
    }
    engine.AddProductionWindow(window);
  }
  CHECK(engine.Verdicts(false)[0].slo == SloAxis::kHolds);
}

TEST_CASE("A cached arm keeps its verdict and adds no point") {
  model::Arm cached = MakeArm(5, 108);
  cached.cached = true;
  cached.verdict.slo = SloAxis::kHolds;
  cached.verdict.reason = "measured before";
  Engine engine({}, {cached});
  CHECK(engine.Verdicts(false)[0] == cached.verdict);
  CHECK(engine.Settled());
  CHECK(engine.Points("1", sim::At(0), 4).empty());
}

TEST_CASE("Points carry what the arms showed") {
  Engine engine({}, {MakeArm(6, 90)});
  Feed(engine, 0, sim::DemoPlant(false), 90, 14);
  const auto points = engine.Points("7", sim::At(50), 4);
  REQUIRE(points.size() == 1);
  CHECK(points[0].version == "7");
  CHECK(points[0].source == model::KpiSource::kSynthetic);
  CHECK(points[0].load_rps == Approx(90).epsilon(0.1));
  CHECK(points[0].p50_us == Approx(20'000).epsilon(0.05));
  CHECK(points[0].cpu_cores == Approx(90 * 0.4e-3).epsilon(0.1));
}

TEST_CASE("Nothing measured is said to be nothing") {
  Engine engine({}, {MakeArm(6, 90)});
  const model::ArmVerdict verdict = engine.Verdicts(true)[0];
  CHECK(verdict.slo == SloAxis::kUnknown);
  CHECK(verdict.reason.find("nothing was measured") != std::string::npos);
}

TEST_CASE(
    "what a cached level showed is in the history, so it counts among the arms that the curve runs through") {
  const auto reason_of = [](bool cached) {
    EngineOptions options;
    options.history = sim::ProductionPoints(sim::DemoPlant(false), 30, 150, 40, 5, 3, "1");
    options.version = "1";
    std::vector<model::Arm> arms = {MakeArm(3, 140), MakeArm(4, 105), MakeArm(5, 84)};
    arms[2].cached = cached;
    Engine engine(options, arms);
    Feed(engine, 0, sim::DemoPlant(false), 140, 8);
    Feed(engine, 1, sim::DemoPlant(false), 105, 8);
    return engine.Verdicts(false)[0].reason;
  };
  CHECK(reason_of(true).find("by the curve through all arms") != std::string::npos);
  CHECK(reason_of(false).find("by the curve through all arms") == std::string::npos);
}

}  // namespace
}  // namespace shadowd::analysis
