#include "analysis/arm_record.h"

#include <catch2/catch.hpp>
#include <cmath>

#include "unit/sim/plant_run.h"

namespace shadowd::analysis {
namespace {

using std::chrono::seconds;

RecordRules Rules() {
  RecordRules rules;
  rules.warm_up = seconds(2);
  rules.planned_rps = 135;
  rules.p50_us = 22'000;
  return rules;
}

std::vector<model::KpiWindow> Windows(int count) {
  return sim::RunPlant(sim::DemoPlant(false), 135, count, 5);
}

TEST_CASE("Warm-up is discarded and the rest is summed up") {
  ArmRecord record(Rules());
  for (const model::KpiWindow& window : Windows(12)) {
    record.Add(window);
  }
  CHECK(record.windows() == 10);
  CHECK(record.windows_void() == 0);
  CHECK(record.VoidSummary().empty());
  CHECK(record.LoadRps() == Approx(135).epsilon(0.1));
  CHECK(record.CpuCores() == Approx(135 * 0.4e-3).epsilon(0.1));
  const auto cpu = record.CpuPerRequest(0.01);
  REQUIRE(cpu);
  CHECK(cpu->low < 400);
  CHECK(cpu->high > 400);
  CHECK(cpu->expected == Approx(400).epsilon(0.05));
}

TEST_CASE("A window that does not show the service is void, and the cause is named") {
  struct Case {
    const char* cause;
    void (*spoil)(model::KpiWindow&);
  };
  const Case c =
      GENERATE(Case{"waited for the CPU", [](model::KpiWindow& w) { w.run_delay_seconds = 0.5; }},
               Case{"throttled", [](model::KpiWindow& w) { w.throttled_periods = 1; }},
               Case{"load sent late", [](model::KpiWindow& w) { w.send_lag_p99_us = 9000; }},
               Case{"load did not arrive", [](model::KpiWindow& w) { w.offered = 20; }},
               Case{"figures that cannot be", [](model::KpiWindow& w) { w.cpu_seconds = NAN; }},
               Case{"figures that cannot be", [](model::KpiWindow& w) { w.completed -= 1'000'000; }},
               Case{"figures that cannot be", [](model::KpiWindow& w) { w.run_delay_seconds = -3; }},
               Case{"the clock went back", [](model::KpiWindow& w) { w.start -= seconds(3600); }});
  ArmRecord record(Rules());
  for (model::KpiWindow window : Windows(12)) {
    if (window.start >= sim::At(6)) {
      c.spoil(window);
    }
    record.Add(window);
  }
  CHECK(record.windows() == 4);
  CHECK(record.windows_void() == 6);
  CHECK(record.VoidShare() == Approx(0.6));
  CHECK(record.VoidSummary().find(c.cause) != std::string::npos);
}

TEST_CASE("Windows that still get faster after the fixed warm-up are discarded too") {
  sim::PlantOptions options = sim::DemoPlant(false);
  options.warm_up_factor = 4;
  options.warm_up_seconds = 5;
  RecordRules rules = Rules();
  rules.planned_rps = 60;
  ArmRecord record(rules);
  for (const model::KpiWindow& window : sim::RunPlant(options, 60, 10, 5)) {
    record.Add(window);
  }
  CHECK(record.windows_void() == 0);
  CHECK(record.windows_warm_up() >= 1);
  CHECK(record.windows() == 8 - record.windows_warm_up());
  CHECK(record.seconds() == Approx(record.windows()));
}

TEST_CASE("A clock that jumped ahead and was set right leaves most windows void") {
  ArmRecord record(Rules());
  int fed = 0;
  for (model::KpiWindow window : Windows(12)) {
    window.start += fed++ == 3 ? seconds(3600) : seconds(0);
    record.Add(window);
  }
  CHECK(record.windows() == 2);
  CHECK(record.VoidShare() == Approx(0.8));
}

TEST_CASE("Windows of several shadows of one arm may overlap") {
  ArmRecord record(Rules());
  for (const model::KpiWindow& window : Windows(12)) {
    record.Add(window);
    record.Add(window);
  }
  CHECK(record.windows() == 20);
  CHECK(record.windows_void() == 0);
}

TEST_CASE("Unknown CPU and memory stay unknown") {
  ArmRecord record(Rules());
  for (model::KpiWindow window : Windows(10)) {
    window.cpu_seconds = -1;
    window.memory_bytes = -1;
    record.Add(window);
  }
  CHECK_FALSE(record.CpuPerRequest(0.05));
  CHECK_FALSE(record.Memory());
  CHECK(record.CpuCores() < 0);
}

}  // namespace
}  // namespace shadowd::analysis
