// What is no evidence must not become a verdict: each kind of broken measurement through the engine.
#include <catch2/catch.hpp>
#include <cmath>
#include <functional>

#include "analysis/engine.h"
#include "unit/sim/plant_run.h"

namespace shadowd::analysis {
namespace {

using model::ModelAxis;
using model::SloAxis;
using std::chrono::seconds;

// An arm at 90 req/s, predicted as it is, and its 40 windows.
model::Arm KnownArm(model::ArmRole role = model::ArmRole::kCandidate) {
  static const auto kPoints = sim::ProductionPoints(sim::DemoPlant(false), 30, 130, 20, 5, 3, "1");
  model::Arm arm;
  arm.level = 6;
  arm.load_rps = 90;
  arm.role = role;
  arm.predicted = capacity::Curve::Fit(kPoints, "1", sim::At(100)).Predict(90);
  return arm;
}

struct BadInput {
  const char* what;
  std::function<void(size_t, model::KpiWindow&)> spoil;
  const char* reason;
};

TEST_CASE("Measurements that are none end UNKNOWN with a reason, never with a pass") {
  const BadInput c = GENERATE(
      BadInput{"empty windows",
               [](size_t, model::KpiWindow& w) {
                 w.offered = w.completed = 0;
                 w.latency_us.clear();
               },
               "load did not arrive"},
      BadInput{"windows of no length", [](size_t, model::KpiWindow& w) { w.length = Micros(0); },
               "nothing was measured"},
      BadInput{"CPU that is not a number", [](size_t, model::KpiWindow& w) { w.cpu_seconds = NAN; },
               "figures that cannot be"},
      BadInput{"a waiting time that is not a number",
               [](size_t, model::KpiWindow& w) { w.run_delay_seconds = NAN; }, "figures that cannot be"},
      BadInput{"counters that began anew", [](size_t, model::KpiWindow& w) { w.offered -= 5'000'000; },
               "figures that cannot be"},
      BadInput{"CPU counters that jump", [](size_t, model::KpiWindow& w) { w.cpu_seconds = 1e9; },
               "figures that cannot be"},
      BadInput{"a clock that goes back", [](size_t i, model::KpiWindow& w) { w.start -= seconds(20 * i); },
               "the clock went back"},
      BadInput{"ten requests a minute",
               [](size_t i, model::KpiWindow& w) {
                 w.offered = w.completed = i % 6 == 0 ? 1 : 0;
                 w.latency_us.resize(std::min<size_t>(w.latency_us.size(), w.completed));
               },
               "load did not arrive"});
  CAPTURE(c.what);
  Engine engine({}, {KnownArm()});
  auto windows = sim::RunPlant(sim::DemoPlant(false), 90, 40, 17);
  for (size_t i = 0; i < windows.size(); ++i) {
    c.spoil(i, windows[i]);
    engine.AddShadowWindow(0, windows[i]);
    REQUIRE_FALSE(engine.Settled());
  }
  const model::ArmVerdict verdict = engine.Verdicts(true)[0];
  INFO(verdict.reason);
  CHECK(verdict.slo == SloAxis::kUnknown);
  CHECK(verdict.model == ModelAxis::kUnknown);
  CHECK(verdict.reason.find(c.reason) != std::string::npos);
  CHECK(engine.Points("1", sim::At(0), 4).empty());
}

TEST_CASE("Ten requests a minute, as planned, are too few to say anything") {
  model::Arm arm = KnownArm();
  arm.load_rps = 10.0 / 60;
  Engine engine({}, {arm});
  for (const model::KpiWindow& window : sim::RunPlant(sim::DemoPlant(false), arm.load_rps, 60, 17)) {
    engine.AddShadowWindow(0, window);
  }
  const model::ArmVerdict verdict = engine.Verdicts(true)[0];
  INFO(verdict.reason);
  CHECK(verdict.slo == SloAxis::kUnknown);
  CHECK(verdict.model == ModelAxis::kUnknown);
  CHECK(verdict.reason.find("neither surely holds") != std::string::npos);
}

TEST_CASE("No error on either side is accurate where many requests show it, and unknown where few do") {
  Engine engine({}, {KnownArm()});
  const auto windows = sim::RunPlant(sim::DemoPlant(false), 90, 40, 17);
  const auto errors = [&] {
    const std::vector<model::KpiDelta> kpis = engine.Verdicts(false)[0].kpis;
    return *std::find_if(kpis.begin(), kpis.end(),
                         [](const model::KpiDelta& d) { return d.kind == model::KpiKind::kErrorRate; });
  };
  for (size_t i = 0; i < 4; ++i) {
    engine.AddShadowWindow(0, windows[i]);
  }
  CHECK(errors().model == ModelAxis::kUnknown);
  CHECK(errors().slo == SloAxis::kUnknown);
  for (size_t i = 4; i < windows.size(); ++i) {
    engine.AddShadowWindow(0, windows[i]);
  }
  CHECK(errors().delta == 0);
  CHECK(errors().model == ModelAxis::kAccurate);
  CHECK(errors().slo == SloAxis::kHolds);
}

TEST_CASE("A shadow that dies half-way neither holds nor speaks for the prediction") {
  Engine engine({}, {KnownArm()});
  const auto windows = sim::RunPlant(sim::DemoPlant(false), 90, 40, 17);
  for (size_t i = 0; i < 20; ++i) {
    engine.AddShadowWindow(0, windows[i]);
  }
  REQUIRE(engine.Verdicts(false)[0].slo == SloAxis::kHolds);
  engine.Abandon(0, "it exited with 139");
  const model::ArmVerdict verdict = engine.Verdicts(true)[0];
  CHECK(verdict.slo == SloAxis::kUnknown);
  CHECK(verdict.model == ModelAxis::kUnknown);
  CHECK(verdict.reason.find("it exited with 139") != std::string::npos);
  CHECK(engine.Points("1", sim::At(0), 4).empty());
}

TEST_CASE("Production whose clock differs from the shadows' still normalises them") {
  Engine engine({}, {KnownArm(), KnownArm(model::ArmRole::kNull)});
  for (size_t arm : {0, 1}) {
    for (const model::KpiWindow& window : sim::RunPlant(sim::DemoPlant(false), 90, 20, 17 + arm)) {
      engine.AddShadowWindow(arm, window);
    }
  }
  for (model::KpiWindow window : sim::RunPlant(sim::DemoPlant(true), 90, 20, 99)) {
    window.start += std::chrono::hours(7);
    engine.AddProductionWindow(window);
  }
  const model::ArmVerdict verdict = engine.Verdicts(true)[0];
  CHECK(verdict.slo == SloAxis::kUnknown);
  CHECK(verdict.reason.find("differ at the same load") != std::string::npos);
}

}  // namespace
}  // namespace shadowd::analysis
