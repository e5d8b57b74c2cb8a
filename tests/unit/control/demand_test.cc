#include "control/demand.h"

#include <catch2/catch.hpp>

#include "base/rng.h"
#include "forecast/fit.h"

using namespace shadowd;
using namespace shadowd::control;

namespace {

const WallTime kStart(std::chrono::hours(1000));

model::KpiWindow Window(Micros from_start, uint64_t offered, Micros length = std::chrono::seconds(1)) {
  model::KpiWindow window;
  window.start = kStart + from_start;
  window.length = length;
  window.offered = offered;
  return window;
}

DemandTracker Tracker(Micros resolution) {
  return DemandTracker(model::ServiceId("web"),
                       {.resolution = resolution, .seasons = {}, .horizon_steps = 10, .coverage = 0.95},
                       model::TriggerSpec());
}

}  // namespace

TEST_CASE(
    "windows of a second add up to steps of the forecast, each finished by the next one's first window") {
  DemandTracker tracker = Tracker(std::chrono::seconds(15));
  std::vector<DemandTracker::Step> steps;
  for (int second = 0; second < 31; ++second) {
    const uint64_t offered = second < 15 ? 100 : 200;
    if (const auto step = tracker.AddWindow(Window(std::chrono::seconds(second), offered))) {
      steps.push_back(*step);
    }
  }
  REQUIRE(steps.size() == 2);
  CHECK(steps[0].at == kStart);
  CHECK(steps[0].rps == Approx(100));
  CHECK(steps[1].rps == Approx(200));
}

TEST_CASE("a window that starts a little off its second still belongs to it") {
  DemandTracker tracker = Tracker(std::chrono::seconds(1));
  tracker.AddWindow(Window(std::chrono::milliseconds(-30), 50));
  const auto step = tracker.AddWindow(Window(std::chrono::milliseconds(980), 60));
  REQUIRE(step);
  CHECK(step->at == kStart);
  CHECK(step->rps == Approx(50));
}

TEST_CASE("lost windows do not thin the demand out") {
  DemandTracker tracker = Tracker(std::chrono::seconds(15));
  for (const int second : {0, 1, 7}) {
    tracker.AddWindow(Window(std::chrono::seconds(second), 100));
  }
  const auto step = tracker.AddWindow(Window(std::chrono::seconds(15), 100));
  REQUIRE(step);
  CHECK(step->rps == Approx(100));
}

TEST_CASE("demand now follows within a few windows") {
  DemandTracker tracker = Tracker(std::chrono::seconds(15));
  CHECK_FALSE(tracker.known());
  tracker.AddWindow(Window(Micros(0), 100));
  CHECK(tracker.present_rps() == Approx(100));
  for (int second = 1; second <= 8; ++second) {
    tracker.AddWindow(Window(std::chrono::seconds(second), 200));
  }
  CHECK(tracker.present_rps() == Approx(200).epsilon(0.02));
}

TEST_CASE("a long window is all that demand now remembers") {
  DemandTracker tracker = Tracker(std::chrono::seconds(60));
  tracker.AddWindow(Window(Micros(0), 1500, std::chrono::seconds(15)));
  tracker.AddWindow(Window(std::chrono::seconds(15), 3000, std::chrono::seconds(15)));
  CHECK(tracker.present_rps() == Approx(200).epsilon(0.001));
}

TEST_CASE("growth goes on as it did, or as steeply as it has begun") {
  DemandTracker tracker = Tracker(std::chrono::seconds(60));
  const Micros window = std::chrono::seconds(15);
  for (int i = 0; i < 20; ++i) {
    tracker.AddWindow(Window(window * i, 1500, window));
  }
  CHECK(tracker.GrowthOver(std::chrono::minutes(2)) == Approx(0).margin(1));
  for (int i = 0; i < 8; ++i) {  // 10 requests/s more each window
    tracker.AddWindow(Window(window * (20 + i), 1500 + 150 * static_cast<uint64_t>(i + 1), window));
    if (i == 2) {  // 30 in the newest 45 s: 80 % of that steepness over two minutes
      CHECK(tracker.GrowthOver(std::chrono::minutes(2)) == Approx(0.8 * 3 * 30).epsilon(0.25));
    }
  }
  CHECK(tracker.GrowthOver(std::chrono::minutes(2)) == Approx(80).epsilon(0.15));
  tracker.AddWindow(Window(window * 28, 15, window));
  CHECK(tracker.GrowthOver(std::chrono::minutes(2)) == 0);
}

TEST_CASE("what came and was not answered waits, until it is answered or forgotten") {
  DemandTracker tracker = Tracker(std::chrono::seconds(60));
  const auto add = [&](int second, uint64_t offered, uint64_t completed) {
    model::KpiWindow window = Window(std::chrono::seconds(second), offered);
    window.completed = completed;
    tracker.AddWindow(window);
  };
  add(0, 100, 100);
  CHECK(tracker.waiting() == 0);
  for (int second = 1; second <= 10; ++second) {
    add(second, 100, 60);
  }
  CHECK(tracker.waiting() == Approx(400).epsilon(0.12));
  for (int second = 11; second <= 20; ++second) {
    add(second, 100, 150);
  }
  CHECK(tracker.waiting() == 0);
  // Two counters that differ by one in a hundred never make a backlog.
  for (int second = 21; second <= 2000; ++second) {
    add(second, 100, 99);
  }
  CHECK(tracker.waiting() < 100);
}

TEST_CASE("silence before the first request is not a demand of zero, silence after it is") {
  DemandTracker tracker = Tracker(std::chrono::seconds(1));
  for (int second = 0; second < 5; ++second) {
    CHECK_FALSE(tracker.AddWindow(Window(std::chrono::seconds(second), 0)));
  }
  CHECK_FALSE(tracker.known());
  tracker.AddWindow(Window(std::chrono::seconds(5), 50));
  tracker.AddWindow(Window(std::chrono::seconds(6), 0));
  const auto step = tracker.AddWindow(Window(std::chrono::seconds(7), 0));
  REQUIRE(step);
  CHECK(step->rps == 0);
}

TEST_CASE("an empty window changes nothing") {
  DemandTracker tracker = Tracker(std::chrono::seconds(1));
  CHECK_FALSE(tracker.AddWindow(Window(Micros(0), 10, Micros(0))));
  CHECK_FALSE(tracker.known());
}

TEST_CASE("once the forecast is trusted a demand beyond its limits is signalled") {
  DemandTracker tracker = Tracker(std::chrono::seconds(1));
  Rng rng(5);
  std::vector<std::pair<WallTime, double>> history;
  for (int second = -600; second < 0; ++second) {
    history.emplace_back(kStart + std::chrono::seconds(second), 100 + 3 * rng.Normal());
  }
  tracker.Import(history);
  tracker.forecaster().Adopt(forecast::FitModels(*tracker.forecaster().CopyForFit()));
  int signals = 0;
  for (int second = 0; second < 20; ++second) {
    // Off the grid of steps: what was predicted for the step is meant all the same.
    const auto at = kStart + std::chrono::seconds(second) + std::chrono::milliseconds(300);
    signals += tracker.AddSample(at, 100 + 3 * rng.Normal()).at(0).signal ? 1 : 0;
  }
  CHECK(signals <= 4);
  REQUIRE(tracker.forecast().state == model::ForecastState::kReady);
  const auto steps = tracker.AddSample(kStart + std::chrono::milliseconds(20'300), 160);
  REQUIRE(steps.at(0).signal);
  CHECK(steps[0].signal->kind == model::TriggerKind::kBreach);
  CHECK(steps[0].signal->upper);
}
