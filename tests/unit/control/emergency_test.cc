#include "control/emergency.h"

#include <catch2/catch.hpp>
#include <random>

using namespace shadowd;
using namespace shadowd::control;

namespace {

model::KpiWindow Second(uint64_t requests, uint32_t latency_us, uint64_t errors = 0) {
  model::KpiWindow window;
  window.length = std::chrono::seconds(1);
  window.offered = window.completed = requests;
  window.errors = errors;
  window.latency_us.assign(requests, latency_us);
  return window;
}

const model::Slo kSlo{
    .latency_quantile = 0.95, .latency_limit = std::chrono::milliseconds(100), .error_rate_max = 0.01};
const model::TriggerSpec kTriggers{};  // 3 s, 100 requests

}  // namespace

TEST_CASE("the nearest-rank quantile of a window") {
  CHECK(QuantileOf({}, 0.95) == 0);
  CHECK(QuantileOf({5}, 0.95) == 5);
  CHECK(QuantileOf({1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, 0.5) == 5);
  CHECK(QuantileOf({10, 9, 8, 7, 6, 5, 4, 3, 2, 1}, 0.95) == 10);
}

TEST_CASE("three seconds over the limit on enough requests are an emergency") {
  EmergencyDetector detector;
  CHECK_FALSE(detector.Observe(Second(50, 150'000), kSlo, kTriggers));
  CHECK_FALSE(detector.Observe(Second(50, 150'000), kSlo, kTriggers));
  const auto evidence = detector.Observe(Second(50, 180'000), kSlo, kTriggers);
  REQUIRE(evidence);
  CHECK_THAT(*evidence, Catch::Contains("p95 up to 180 ms against 100 ms"));
}

TEST_CASE("one good second in between starts the count anew") {
  EmergencyDetector detector;
  detector.Observe(Second(50, 150'000), kSlo, kTriggers);
  detector.Observe(Second(50, 150'000), kSlo, kTriggers);
  CHECK_FALSE(detector.Observe(Second(50, 20'000), kSlo, kTriggers));
  CHECK_FALSE(detector.Observe(Second(50, 150'000), kSlo, kTriggers));
}

TEST_CASE("few requests need more time") {
  EmergencyDetector detector;
  for (int i = 0; i < 9; ++i) {
    CHECK_FALSE(detector.Observe(Second(10, 150'000), kSlo, kTriggers));
  }
  CHECK(detector.Observe(Second(10, 150'000), kSlo, kTriggers));
}

TEST_CASE("a window is over the SLO where its quantile is") {
  std::mt19937 random(7);
  for (int i = 0; i < 500; ++i) {
    model::KpiWindow window = Second(1 + random() % 60, 0);
    for (uint32_t& us : window.latency_us) {
      us = std::uniform_int_distribution<uint32_t>(80'000, 101'000)(random);
    }
    const double limit_us = static_cast<double>(kSlo.latency_limit.count());
    CHECK(OverSlo(window, kSlo) == (QuantileOf(window.latency_us, 0.95) > limit_us));
  }
}

TEST_CASE("errors alone are over the SLO, silence is not") {
  CHECK(OverSlo(Second(100, 1'000, 2), kSlo));
  CHECK_FALSE(OverSlo(Second(100, 1'000, 1), kSlo));
  CHECK_FALSE(OverSlo(Second(0, 0), kSlo));
}
