#include "analysis/warm_up.h"

#include <catch2/catch.hpp>

#include "unit/sim/plant_run.h"

namespace shadowd::analysis {
namespace {

std::vector<model::KpiWindow> Windows(const std::vector<uint32_t>& medians, double cpu_per_us = -1) {
  std::vector<model::KpiWindow> windows;
  for (const uint32_t median : medians) {
    model::KpiWindow window;
    window.completed = 100;
    window.latency_us.assign(100, median);
    window.cpu_seconds = cpu_per_us * median;
    windows.push_back(window);
  }
  return windows;
}

TEST_CASE("Warm-up ends at the change point") {
  CHECK(WarmUpWindows(Windows({40'000, 38'000, 20'000, 20'500, 19'800, 20'100})) == 2);
  CHECK(WarmUpWindows(Windows({60'000, 45'000, 30'000, 20'000, 20'300, 19'900, 20'100, 20'000})) >= 3);
}

TEST_CASE("What does not fall, or falls little, is no warm-up") {
  CHECK(WarmUpWindows(Windows({20'000, 20'500, 19'800, 20'100})) == 0);
  CHECK(WarmUpWindows(Windows({20'000, 30'000, 40'000, 60'000})) == 0);
  CHECK(WarmUpWindows(Windows({22'000, 20'000, 20'100, 19'900})) == 0);
  CHECK(WarmUpWindows({}) == 0);
}

TEST_CASE("A queue that shrinks at the same work per request is no warm-up") {
  auto windows = Windows({40'000, 38'000, 20'000, 20'500, 19'800, 20'100}, 1e-6);
  CHECK(WarmUpWindows(windows) == 2);
  for (model::KpiWindow& window : windows) {
    window.cpu_seconds = 0.04;
  }
  CHECK(WarmUpWindows(windows) == 0);
}

TEST_CASE("A steady service keeps all its windows, and never more are discarded than may be") {
  int discarded = 0;
  for (uint64_t seed = 1; seed <= 100; ++seed) {
    discarded += WarmUpWindows(sim::RunPlant(sim::DemoPlant(false), 135, 12, seed)) > 0 ? 1 : 0;
  }
  CHECK(discarded <= 2);
  std::vector<uint32_t> falling;
  for (uint32_t i = 0; i < 12; ++i) {
    falling.push_back(4'000'000 >> i);
  }
  CHECK(WarmUpWindows(Windows(falling)) == kWarmUpWindowsMax);
}

}  // namespace
}  // namespace shadowd::analysis
