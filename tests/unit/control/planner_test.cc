#include "control/planner.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>

#include "base/rng.h"
#include "forecast/fit.h"

using namespace shadowd;
using namespace shadowd::control;
using model::TriggerKind;

namespace {

const WallTime kNow(std::chrono::hours(1000));

// A curve on which an instance holds about 170 requests/s.
capacity::Curve Curve() {
  std::vector<model::CapacityPoint> points;
  for (const double load : {40.0, 80.0, 110.0, 130.0, 150.0, 165.0}) {
    const double r = load / 200;
    model::CapacityPoint point;
    point.at = kNow;
    point.version = "1";
    point.load_rps = load;
    point.requests = 5000;
    point.p50_us = 20'000 + 3'000 * r * r / (1 - r);
    point.p95_us = 25'000 + 13'000 * r * r / (1 - r);
    point.p99_us = 30'000 + 20'000 * r * r / (1 - r);
    point.cpu_cores = 0.0004 * load;
    points.push_back(point);
  }
  return capacity::Curve::Fit(points, "1", kNow);
}

struct Fixture {
  model::ServiceSpec spec;
  capacity::Curve curve = Curve();
  std::optional<DemandTracker> demand;
  int current = 2;

  explicit Fixture(double rps, double slope_per_second = 0) {
    spec.id = model::ServiceId("web");
    spec.bounds = {.min = 1, .max = 8, .step_out_max = 8, .step_in_max = 2};
    spec.forecast = {.resolution = std::chrono::seconds(1),
                     .seasons = {},
                     .horizon_steps = 60,
                     .coverage = 0.95,
                     .hold = std::chrono::seconds(30)};
    demand.emplace(spec);
    Rng rng(3);
    std::vector<std::pair<WallTime, double>> history;
    for (int second = 600; second >= 1; --second) {
      history.emplace_back(kNow - std::chrono::seconds(second),
                           (rps - slope_per_second * second) * (1 + 0.01 * rng.Normal()));
    }
    demand->Import(history);
    demand->forecaster().Adopt(forecast::FitModels(*demand->forecaster().CopyForFit()));
    demand->AddSample(kNow, rps);
  }

  PlanView View() {
    return {spec, *demand, curve, "1", current, std::chrono::seconds(10), std::chrono::seconds(10), kNow};
  }
};

}  // namespace

TEST_CASE("demand that today's replicas hold triggers nothing") {
  Fixture f(250);
  CHECK_FALSE(FindTrigger(f.View(), std::nullopt));
}

TEST_CASE("a limit over what is served triggers a plan that holds it") {
  Fixture f(420);
  const auto trigger = FindTrigger(f.View(), std::nullopt);
  REQUIRE(trigger);
  CHECK(trigger->kind == TriggerKind::kCapacity);
  CHECK(trigger->current == 2);
  CHECK(trigger->planned == 3);
  CHECK(trigger->planned_rps >= 420);
  CHECK_THAT(trigger->evidence, Catch::Contains("2 replicas hold"));
}

TEST_CASE("replicas far beyond the upper limit are a surplus, taken away no faster than a step") {
  Fixture f(250);
  f.current = 6;
  const auto trigger = FindTrigger(f.View(), std::nullopt);
  REQUIRE(trigger);
  CHECK(trigger->kind == TriggerKind::kSurplus);
  CHECK(trigger->planned == 4);
}

TEST_CASE("the plan never leaves the bounds") {
  Fixture f(3000);
  const auto trigger = FindTrigger(f.View(), std::nullopt);
  REQUIRE(trigger);
  CHECK(trigger->planned == 8);
  f.current = 8;
  CHECK_FALSE(FindTrigger(f.View(), std::nullopt));
}

TEST_CASE("without a curve nothing is planned") {
  Fixture f(420);
  f.curve = capacity::Curve();
  CHECK_FALSE(FindTrigger(f.View(), std::nullopt));
  CHECK(PlannedLevel(f.View(), 1000) == 2);
}

TEST_CASE("scaling out tests the plan and what lies above, scaling in what lies below today") {
  Fixture f(420);
  model::Trigger out;
  out.current = 2;
  out.planned = 4;
  out.planned_rps = 540;
  out.present_rps = 260;
  std::vector<model::Arm> arms = PlanArms(out, f.View());
  REQUIRE(arms.size() == 4);
  CHECK(CountArms(out, f.spec) == arms.size());
  CHECK(arms[0].level == 4);
  CHECK(arms[0].load_rps == Approx(135));
  CHECK(arms[2].level == 6);
  CHECK(arms[3].role == model::ArmRole::kNull);
  CHECK(arms[3].load_rps == Approx(130));
  CHECK(arms[0].predicted.known);

  model::Trigger in = out;
  in.current = 5;
  in.planned = 4;
  arms = PlanArms(in, f.View());
  std::vector<int> levels;
  for (const model::Arm& arm : arms) {
    if (arm.role == model::ArmRole::kCandidate) {
      levels.push_back(arm.level);
    }
  }
  CHECK(levels == std::vector<int>{3, 4});
}

TEST_CASE("the number of shadows is kept under the ceiling, and the plan is always among the arms") {
  const int ceiling = GENERATE(1, 2, 3, 4, 8);
  const int copies = GENERATE(1, 2);
  Fixture f(420);
  f.spec.shadows.max_shadows = ceiling;
  f.spec.shadows.shadows_per_level = copies;
  f.spec.shadows.levels_auto_max = 5;
  model::Trigger trigger;
  trigger.current = 2;
  trigger.planned = 4;
  trigger.planned_rps = 540;
  const std::vector<model::Arm> arms = PlanArms(trigger, f.View());
  const bool has_plan = std::any_of(arms.begin(), arms.end(), [](const model::Arm& arm) {
    return arm.level == 4 && arm.role == model::ArmRole::kCandidate;
  });
  CHECK(has_plan);
  if (ceiling >= 2 * copies) {
    CHECK(static_cast<int>(arms.size()) * copies <= ceiling);
  }
}

TEST_CASE("a new version is planned for the largest limit of the horizon by the curve in production") {
  Fixture f(300);
  const model::Trigger trigger = VersionTrigger(f.View(), "2~beef");
  CHECK(trigger.kind == TriggerKind::kNewVersion);
  CHECK(trigger.version == "2~beef");
  CHECK(trigger.planned >= 2);
  CHECK(trigger.planned_rps >= 300);
}

TEST_CASE("an emergency plans at least one more") {
  Fixture f(250);
  const model::Trigger trigger = EmergencyTrigger(f.View(), "p95 180 ms");
  CHECK(trigger.planned == 3);
  CHECK(trigger.evidence == "p95 180 ms");
}

TEST_CASE("an emergency plans for what waits besides what comes") {
  Fixture f(330);
  const int without = EmergencyTrigger(f.View(), "over").planned;
  for (int second = 1; second <= 300; ++second) {  // 330 requests/s come, 30 are answered
    model::KpiWindow window;
    window.start = kNow + std::chrono::seconds(second);
    window.length = std::chrono::seconds(1);
    window.offered = 330;
    window.completed = 30;
    f.demand->AddWindow(window);
  }
  CHECK(f.demand->waiting() > 4000);
  CHECK(EmergencyTrigger(f.View(), "over").planned > without);
}

TEST_CASE("demand over its limit is planned for as it grows, demand within its limits is not") {
  Fixture f(250);
  CHECK_FALSE(FindTrigger(f.View(), std::nullopt));
  double rps = 250;
  for (int second = 1; second <= 8; ++second) {  // two replicas hold 340
    rps += 9;
    model::KpiWindow window;
    window.start = kNow + std::chrono::seconds(second);
    window.length = std::chrono::seconds(1);
    window.offered = window.completed = static_cast<uint64_t>(rps);
    f.demand->AddWindow(window);
  }
  REQUIRE(f.demand->present_rps() < 330);
  const auto trigger = FindTrigger(f.View(), std::nullopt);
  REQUIRE(trigger);
  CHECK(trigger->kind == TriggerKind::kCapacity);
  CHECK(trigger->planned_rps > f.demand->present_rps() + 60);
}

TEST_CASE("what was done untested is tested at the level that serves, and says so") {
  Fixture f(250);
  f.current = 4;
  const model::Trigger trigger = AfterwardsTrigger(f.View(), TriggerKind::kCapacity);
  CHECK(trigger.kind == TriggerKind::kCapacity);
  CHECK(trigger.planned == 4);
  CHECK(trigger.evidence.find("untested") != std::string::npos);
}

TEST_CASE("demand that leaves its limit, nears it or drifts asks whether the planned level holds it") {
  const auto [kind, upper] =
      GENERATE(std::pair(TriggerKind::kBreach, true), std::pair(TriggerKind::kProximity, true),
               std::pair(TriggerKind::kDrift, false));
  Fixture f(250);
  const forecast::LimitSignal signal{kind, upper, "demand is not what was expected"};
  const auto trigger = FindTrigger(f.View(), signal);
  REQUIRE(trigger);
  CHECK(trigger->kind == kind);
  CHECK(trigger->planned == 2);
  CHECK_THAT(trigger->evidence, Catch::Contains("not what was expected") && Catch::Contains("req/s"));
  PlanView untested = f.View();
  untested.trial_time = Micros(0);
  CHECK_FALSE(FindTrigger(untested, signal));  // only a trial can answer it
}

TEST_CASE("demand below its lower limit asks for nothing where there is no surplus") {
  Fixture f(250);
  const forecast::LimitSignal lower{TriggerKind::kBreach, false, "left the lower limit"};
  CHECK_FALSE(FindTrigger(f.View(), lower));
}

TEST_CASE("a signal below the limits is evidence of the surplus that follows") {
  Fixture f(250);
  f.current = 6;
  const auto trigger =
      FindTrigger(f.View(), forecast::LimitSignal{TriggerKind::kBreach, false, "left the lower limit"});
  REQUIRE(trigger);
  CHECK(trigger->kind == TriggerKind::kSurplus);
  CHECK_THAT(trigger->evidence, Catch::Contains("left the lower limit"));
}

TEST_CASE("proximity to a limit that today's replicas do not hold is a trigger with both numbers") {
  Fixture f(345);
  const forecast::LimitSignal near{TriggerKind::kProximity, true, "3 of the last 5 observations"};
  const auto trigger = FindTrigger(f.View(), near);
  REQUIRE(trigger);
  CHECK(trigger->planned == 3);
  CHECK_THAT(trigger->evidence, Catch::Contains("3 of the last 5") && Catch::Contains("2 replicas hold"));
}

TEST_CASE("what is planned for is the largest limit until the remedy was there and held, with its peaks") {
  Fixture f(250);
  double largest = 0;
  for (const model::ForecastStep& step : f.demand->forecast().steps) {
    if (step.at <= kNow + std::chrono::seconds(50)) {
      largest = std::max(largest, step.upper_rps);
    }
  }
  CHECK(PlannedDemand(f.View(), f.spec.forecast.hold) == Approx(largest * f.demand->PeakOverMean()));
  CHECK(f.demand->forecaster().PeakUpper(Micros(0), std::chrono::seconds(50)) >= largest - 1e-9);
}

TEST_CASE("a null trial has two arms at today's load, also where the spec has no null arm") {
  Fixture f(260);
  f.spec.shadows.null_arm = false;
  const model::Trigger trigger = CalibrationTrigger(f.View(), "r1");
  CHECK(trigger.kind == TriggerKind::kCalibration);
  CHECK(trigger.planned == 2);
  const std::vector<model::Arm> arms = PlanArms(trigger, f.View());
  REQUIRE(arms.size() == 2);
  CHECK(arms[0].role == model::ArmRole::kCandidate);
  CHECK(arms[1].role == model::ArmRole::kNull);
  CHECK(arms[0].load_rps == Approx(arms[1].load_rps));
}

TEST_CASE("what the curve is sure of leaves the doubt that past plans teach, what it is not leaves its own") {
  Fixture f(250);
  model::Trigger trigger;
  trigger.kind = TriggerKind::kCapacity;
  trigger.planned = 4;
  trigger.planned_rps = 300;  // two replicas would do
  const Doubts wasteful = DoubtsOf(trigger, f.View(), 0.1);
  CHECK(wasteful.too_small == Approx(0.1));
  CHECK(wasteful.too_large > 0.9);
  trigger.planned_rps = 760;  // four at 190 each, next to saturation
  const Doubts tight = DoubtsOf(trigger, f.View(), 0.1);
  CHECK(tight.too_small > 0.5);
  CHECK(tight.too_large == Approx(0.1));
  f.spec.bounds.min = 4;
  CHECK(DoubtsOf(trigger, f.View(), 0.1).too_large == 0);  // none is allowed
  trigger.kind = TriggerKind::kBreach;
  trigger.current = 4;
  CHECK(DoubtsOf(trigger, f.View(), 0.1).too_small > 0.5);
  trigger.planned_rps = 300;
  CHECK(DoubtsOf(trigger, f.View(), 0.1).too_small < 0.05);  // one in twenty breaches: no trial for each
  trigger.kind = TriggerKind::kNewVersion;
  CHECK(DoubtsOf(trigger, f.View(), 0.1).too_small == 0.5);
}
