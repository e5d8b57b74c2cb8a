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
    signals +=
        tracker.AddSample(kStart + std::chrono::seconds(second), 100 + 3 * rng.Normal()).signal ? 1 : 0;
  }
  CHECK(signals <= 4);
  REQUIRE(tracker.forecast().state == model::ForecastState::kReady);
  const auto step = tracker.AddSample(kStart + std::chrono::seconds(20), 160);
  REQUIRE(step.signal);
  CHECK(step.signal->kind == model::TriggerKind::kBreach);
  CHECK(step.signal->upper);
}
