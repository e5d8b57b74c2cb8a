#include "analysis/normaliser.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include "unit/sim/plant_run.h"

namespace shadowd::analysis {
namespace {

using model::KpiKind;

// Twenty seconds of the demo service, its latencies and CPU times a factor, in steps of a log.
ArmRecord Record(uint64_t seed, double latency = 1, double cpu = 1, uint32_t step_us = 1) {
  ArmRecord record({.check_starved = false});
  for (model::KpiWindow window : sim::RunPlant(sim::DemoPlant(false), 90, 20, seed)) {
    for (uint32_t& us : window.latency_us) {
      us = static_cast<uint32_t>(us * latency) / step_us * step_us;
    }
    window.cpu_seconds *= cpu;
    record.Add(window);
  }
  return record;
}

TEST_CASE("A null shadow like production corrects nothing") {
  int corrected = 0;
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    const Normaliser normaliser = CompareWithProduction(Record(seed * 2), Record(seed * 2 + 1), 0.05);
    CHECK_FALSE(normaliser.refused);
    REQUIRE(normaliser.ratios.size() == 4);
    corrected += normaliser.note.empty() ? 0 : 1;
  }
  CHECK(corrected <= 3);
}

TEST_CASE("Each KPI has a ratio of its own, corrected as far as it is certain") {
  const Normaliser normaliser = CompareWithProduction(Record(1, 1.12, 1.2), Record(2), 0.05);
  CHECK_FALSE(normaliser.refused);
  for (const KpiRatio& known : normaliser.ratios) {
    const double truth = known.kind == KpiKind::kCpuPerRequest ? 1.2 : 1.12;
    CAPTURE(model::KpiName(known.kind), known.ratio.low, known.ratio.high);
    CHECK(known.ratio.low < truth);
    CHECK(known.ratio.high > truth);
    CHECK(normaliser.Of(known.kind) == std::clamp(1.0, known.ratio.low, known.ratio.high));
  }
  CHECK(normaliser.Of(KpiKind::kCpuPerRequest) > 1.05);
  CHECK(normaliser.Of(KpiKind::kLatencyP99) >= 1);
  CHECK(normaliser.Of(KpiKind::kMemory) == 1);
  CHECK(normaliser.note.find("cpu_us_per_request by 1.") != std::string::npos);
}

TEST_CASE("A KPI that differs too much refuses all, and is named") {
  const auto [latency, cpu, name] = GENERATE(table<double, double, const char*>(
      {{1.6, 1, "latency_p50_us"}, {0.6, 1, "latency_p50_us"}, {1, 1.6, "cpu_us_per_request"}}));
  const Normaliser normaliser = CompareWithProduction(Record(1, latency, cpu), Record(2), 0.05);
  CHECK(normaliser.refused);
  INFO(normaliser.note);
  CHECK(normaliser.note.find(name) != std::string::npos);
}

TEST_CASE("What a log's steps hide is not taken for a difference") {
  // 2 ms against 3.2 ms in a log that cuts to milliseconds, and the same seen to the microsecond.
  CHECK_FALSE(CompareWithProduction(Record(1, 0.16, 1, 1000), Record(2, 0.1), 0.05).refused);
  CHECK(CompareWithProduction(Record(1, 0.16), Record(2, 0.1), 0.05).refused);
  // The same steps are nothing at 20 ms.
  CHECK(CompareWithProduction(Record(1, 1.5, 1, 1000), Record(2), 0.05).refused);
}

TEST_CASE("Too little of either is said to be too little") {
  const Normaliser normaliser = CompareWithProduction(ArmRecord(), Record(2), 0.05);
  CHECK_FALSE(normaliser.refused);
  CHECK(normaliser.Of(KpiKind::kLatencyP50) == 1);
  CHECK(normaliser.note.find("too little") != std::string::npos);
}

}  // namespace
}  // namespace shadowd::analysis
