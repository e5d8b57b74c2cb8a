#include "analysis/window_totals.h"

#include <catch2/catch.hpp>

namespace shadowd::analysis {
namespace {

TEST_CASE("Totals are sums, and what is unknown or empty adds nothing") {
  model::KpiWindow window;
  window.length = std::chrono::seconds(1);
  window.offered = 101;
  window.completed = 100;
  window.errors = 5;
  window.latency_us.assign(100, 20'000);
  window.cpu_seconds = 0.04;
  window.memory_bytes = 2e6;
  WindowTotals totals;
  totals.Add(window);
  window.cpu_seconds = window.memory_bytes = -1;
  totals.Add(window);
  window.offered = window.completed = window.errors = 0;
  window.latency_us.clear();
  window.memory_bytes = 4e6;
  totals.Add(window);
  CHECK(totals.windows == 3);
  CHECK(totals.seconds == Approx(3));
  CHECK(totals.offered == 202);
  CHECK(totals.completed == 200);
  CHECK(totals.errors.Ratio() == Approx(0.05));
  CHECK(totals.cpu.Ratio() == Approx(4e-4));
  CHECK(totals.cpu_time == Approx(1));
  CHECK(totals.latency.count() == 200);
  REQUIRE(totals.Memory());
  CHECK(*totals.Memory() == model::Interval{3e6, 2e6, 4e6});
}

TEST_CASE("More errors than answers count as all answers") {
  model::KpiWindow window;
  window.completed = 10;
  window.errors = 20;
  WindowTotals totals;
  totals.Add(window);
  CHECK(totals.errors.Ratio() == 1);
  CHECK(totals.Memory() == model::Interval{});  // zero is known
}

}  // namespace
}  // namespace shadowd::analysis
