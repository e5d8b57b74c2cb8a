#include "control/demand.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <functional>

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
  model::ServiceSpec spec;
  spec.id = model::ServiceId("web");
  spec.forecast = {.resolution = resolution, .seasons = {}, .horizon_steps = 10, .coverage = 0.95};
  return DemandTracker(spec);
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

namespace {

// Minutes of demand, fitted as often as is asked for; the signals that came.
std::vector<forecast::LimitSignal> Signals(DemandTracker& tracker, int from, int until,
                                           const std::function<double(int)>& demand) {
  std::vector<forecast::LimitSignal> signals;
  for (int minute = from; minute < until; ++minute) {
    for (const auto& step : tracker.AddSample(kStart + std::chrono::minutes(minute), demand(minute))) {
      if (step.signal) {
        signals.push_back(*step.signal);
      }
    }
    for (int scale = 0; scale < 2 && tracker.forecaster().WantsFit(); ++scale) {
      tracker.forecaster().Adopt(forecast::FitModels(*tracker.forecaster().CopyForFit()));
    }
  }
  return signals;
}

}  // namespace

TEST_CASE("demand that no longer behaves is a signal of drift, and widens the limits for a while") {
  DemandTracker tracker = Tracker(std::chrono::minutes(1));
  Rng rng(4);
  const auto calm = [&](int) { return 200 + 5 * rng.Normal(); };
  const auto before = Signals(tracker, 0, 400, calm);
  CHECK(std::count_if(before.begin(), before.end(),
                      [](const auto& signal) { return signal.kind == model::TriggerKind::kDrift; }) <= 1);
  const auto after = Signals(tracker, 400, 412, [&](int) { return 320 + 5 * rng.Normal(); });
  const auto drift = std::find_if(after.begin(), after.end(), [](const auto& signal) {
    return signal.kind == model::TriggerKind::kDrift;
  });
  REQUIRE(drift != after.end());
  CHECK(drift->upper);
  CHECK(drift->evidence.find("no longer behaves") != std::string::npos);
  CHECK(tracker.forecast().widening > 1);
  CHECK(tracker.forecast().state == model::ForecastState::kDegraded);
  Signals(tracker, 412, 600, [&](int) { return 320 + 5 * rng.Normal(); });
  CHECK(tracker.forecast().widening == 1);
  CHECK(tracker.forecast().state == model::ForecastState::kReady);
}

TEST_CASE("every forecast carries how its limits did, the peak of the reach, and what it is made of") {
  DemandTracker tracker = Tracker(std::chrono::minutes(1));
  tracker.SetReach(std::chrono::minutes(3));
  Rng rng(6);
  Signals(tracker, 0, 900, [&](int) { return 200 + 5 * rng.Normal(); });
  const model::Forecast& forecast = tracker.forecast();
  REQUIRE(forecast.blocks.size() == 4);  // of ten steps
  CHECK(forecast.blocks[0].samples > 700);
  CHECK(forecast.blocks[0].coverage == Approx(0.95).margin(0.04));
  CHECK(forecast.blocks[0].mase > 0.5);
  CHECK(forecast.blocks[3].last_step == 10);
  CHECK(forecast.peak.within == std::chrono::minutes(3));
  CHECK(forecast.peak.coverage_samples > 200);
  CHECK(forecast.peak.coverage_so_far > 0.9);
  CHECK(forecast.peak.upper_rps > forecast.peak.expected_rps);
  REQUIRE(forecast.scales.size() == 2);
  CHECK(forecast.scales[0].step == std::chrono::minutes(1));
  CHECK(forecast.scales[1].step == std::chrono::minutes(5));
  CHECK_FALSE(forecast.scales[0].members.empty());
}

TEST_CASE("limits that hold far less often than they should make the forecast one to distrust") {
  DemandTracker tracker = Tracker(std::chrono::minutes(1));
  Rng rng(8);
  // Whatever is said, every fourth step lies just above it.
  Signals(tracker, 0, 300, [&](int) { return 2000 + 5 * rng.Normal(); });
  CHECK(tracker.forecast().state == model::ForecastState::kReady);
  bool said = false;
  for (int minute = 300; minute < 900 && !said; ++minute) {
    const double above = 1.002 * tracker.forecast().steps.front().upper_rps;
    Signals(tracker, minute, minute + 1,
            [&](int at) { return at % 4 == 0 ? above : 2000 + 5 * rng.Normal(); });
    said = tracker.forecast().degraded_reason.find("within its limits") != std::string::npos;
  }
  CHECK(said);
}
