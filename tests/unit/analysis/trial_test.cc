// Whole trials on the simulated plant with the figures of the demo: curve, engine, refit, decision.
#include <catch2/catch.hpp>
#include <iostream>
#include <map>

#include "analysis/decide.h"
#include "analysis/engine.h"
#include "unit/sim/plant_run.h"

namespace shadowd::analysis {
namespace {

using model::DecisionKind;

struct Scenario {
  bool deployed = false;
  int current = 2;
  int planned = 4;
  double demand = 540;
  std::vector<int> levels = {4, 5, 6};
  int seconds_max = 14;  // of windows, the first two warm-up
  Micros deadline = EngineOptions().deadline;
};

struct Outcome {
  Finding finding;
  int seconds = 0;
  bool settled = false;
  double error_before = 0, error_after = 0;
};

Outcome RunTrial(const Scenario& scenario, uint64_t seed) {
  const std::string version = scenario.deployed ? "2" : "1";
  std::vector<model::CapacityPoint> points =
      sim::ProductionPoints(sim::DemoPlant(false), 30, 130, 30, 5, seed, "1");
  const capacity::Curve curve = capacity::Curve::Fit(points, version, sim::At(100));
  std::vector<model::Arm> arms;
  for (const int level : scenario.levels) {
    model::Arm arm;
    arm.level = level;
    arm.load_rps = scenario.demand / level;
    arms.push_back(arm);
  }
  arms.push_back({scenario.current, model::ArmRole::kNull, 75, {}, {}, {}, false, {}});
  EngineOptions options;
  options.history = points;
  options.version = version;
  options.deadline = scenario.deadline;
  std::vector<std::vector<model::KpiWindow>> windows;
  for (size_t i = 0; i < arms.size(); ++i) {
    arms[i].predicted = curve.Predict(arms[i].load_rps);
    windows.push_back(sim::RunPlant(sim::DemoPlant(scenario.deployed), arms[i].load_rps, scenario.seconds_max,
                                    seed * 100 + i * 7));
  }
  Engine engine(options, arms);
  Outcome outcome;
  while (outcome.seconds < scenario.seconds_max && !outcome.settled) {
    for (size_t i = 0; i < arms.size(); ++i) {
      engine.AddShadowWindow(i, windows[i][static_cast<size_t>(outcome.seconds)]);
    }
    ++outcome.seconds;
    outcome.settled = engine.Settled();
  }
  const std::vector<model::ArmVerdict> verdicts = engine.Verdicts(true);
  for (size_t i = 0; i < arms.size(); ++i) {
    arms[i].verdict = verdicts[i];
  }
  const auto shown = engine.Points(version, sim::At(100), 4);
  points.insert(points.end(), shown.begin(), shown.end());
  const capacity::Curve refitted = capacity::Curve::Fit(points, version, sim::At(100));
  outcome.error_before = capacity::MeanRelativeError(curve, shown);
  outcome.error_after = capacity::MeanRelativeError(refitted, shown);
  DecideInput input;
  input.trigger.current = scenario.current;
  input.trigger.planned = scenario.planned;
  input.trigger.planned_rps = scenario.demand;
  input.arms = arms;
  input.refitted = &refitted;
  input.bounds.min = 1;
  input.bounds.max = 8;
  outcome.finding = Decide(input);
  return outcome;
}

// The share of seeds with this outcome, and a line with the times.
int Count(const char* name, const Scenario& scenario, DecisionKind kind, int to, int seeds) {
  int hits = 0;
  std::map<std::string, int> others;
  std::string times;
  for (int seed = 1; seed <= seeds; ++seed) {
    const Outcome outcome = RunTrial(scenario, static_cast<uint64_t>(seed));
    const bool hit = outcome.finding.kind == kind && outcome.finding.to == to;
    hits += hit ? 1 : 0;
    times += fmt::format(" {}{}", outcome.seconds, outcome.settled ? "" : "*");
    if (!hit) {
      ++others[fmt::format("{} {}", model::DecisionKindName(outcome.finding.kind), outcome.finding.to)];
    }
  }
  std::cout << fmt::format("{}: {} of {}; seconds with warm-up (* = not settled):{}", name, hits, seeds,
                           times);
  for (const auto& [other, count] : others) {
    std::cout << fmt::format("; {} x{}", other, count);
  }
  std::cout << "\n";
  return hits;
}

TEST_CASE("Before the deploy the plan of four is confirmed") {
  CHECK(Count("plan 4 before the deploy", {}, DecisionKind::kConfirmed, 4, 20) >= 18);
}

TEST_CASE("A planned level near its limit that leans to holding is measured until that is shown") {
  Scenario scenario;
  scenario.demand = 664;
  scenario.deadline = std::chrono::seconds(20);
  CHECK(Count("plan 4 near its limit", scenario, DecisionKind::kConfirmed, 4, 100) >= 90);
}

TEST_CASE("After the deploy the plan of four is adjusted to five") {
  Scenario scenario;
  scenario.deployed = true;
  CHECK(Count("plan 4 after the deploy", scenario, DecisionKind::kAdjusted, 5, 20) >= 18);
}

TEST_CASE("A scale-in that holds is confirmed") {
  const Scenario scenario{false, 4, 3, 405, {2, 3}, 20};
  CHECK(Count("scale-in from 4 to 3 at 405 req/s", scenario, DecisionKind::kConfirmed, 3, 10) >= 9);
}

TEST_CASE("A scale-in that does not hold is rejected") {
  const Scenario scenario{true, 4, 3, 420, {2, 3}, 20};
  CHECK(Count("scale-in from 4 to 3 at 420 req/s", scenario, DecisionKind::kRejected, 4, 20) >= 18);
}

TEST_CASE("A trial brings the curve closer to what it showed") {
  Scenario scenario;
  scenario.deployed = true;
  const Outcome outcome = RunTrial(scenario, 5);
  CHECK(outcome.error_after < 0.6 * outcome.error_before);
  CHECK(outcome.error_after < 0.15);
}

TEST_CASE("Many trials decide as few do", "[slow]") {
  CHECK(Count("plan 4 before the deploy", {}, DecisionKind::kConfirmed, 4, 200) >= 184);
  Scenario scenario;
  scenario.deployed = true;
  CHECK(Count("plan 4 after the deploy", scenario, DecisionKind::kAdjusted, 5, 200) >= 184);
}

}  // namespace
}  // namespace shadowd::analysis
