#include "control/production_meter.h"

#include <catch2/catch.hpp>

using namespace shadowd;
using namespace shadowd::control;

namespace {

ports::ProductionWindow Window(int serving, uint64_t offered, double cpu_of_one = 0.05) {
  ports::ProductionWindow window;
  window.service.start = WallTime(std::chrono::hours(1000));
  window.service.length = std::chrono::seconds(1);
  window.service.offered = window.service.completed = offered;
  for (uint64_t i = 0; i < offered; ++i) {
    window.service.latency_us.push_back(static_cast<uint32_t>(20'000 + i * 100));
  }
  window.serving = serving;
  for (int i = 0; i < serving; ++i) {
    ports::ReplicaKpi own{model::ReplicaId("i"), {}};
    own.window.cpu_seconds = cpu_of_one;
    own.window.memory_bytes = 1e6;
    window.instances.push_back(own);
  }
  return window;
}

// Feeds until a point comes out; how many windows that took.
int WindowsToPoint(ProductionMeter& meter, const ports::ProductionWindow& window, model::CapacityPoint* out) {
  for (int i = 1; i <= 60; ++i) {
    if (const auto point = meter.Observe(window, "1")) {
      *out = *point;
      return i;
    }
  }
  return -1;
}

}  // namespace

TEST_CASE("a point is what the mean instance showed at its load") {
  ProductionMeter meter;
  model::CapacityPoint point;
  CHECK(WindowsToPoint(meter, Window(4, 400), &point) ==
        13);  // one shows the number, two are skipped, ten count
  CHECK(point.load_rps == Approx(100));
  CHECK(point.instances == 4);
  CHECK(point.requests == 4000);
  CHECK(point.cpu_cores == Approx(0.05));
  CHECK(point.p50_us == Approx(20'000 + 199 * 100).epsilon(0.01));
  CHECK(point.p95_us == Approx(20'000 + 379 * 100).epsilon(0.01));
  CHECK(point.throughput_ratio == Approx(1));
  CHECK(point.source == model::KpiSource::kProduction);
}

TEST_CASE("a change of replicas or version starts the point anew") {
  ProductionMeter meter;
  for (int i = 0; i < 12; ++i) {
    CHECK_FALSE(meter.Observe(Window(2, 200), "1"));
  }
  CHECK_FALSE(meter.Observe(Window(3, 200), "1"));
  model::CapacityPoint point;
  CHECK(WindowsToPoint(meter, Window(3, 300), &point) == 12);
  CHECK(point.instances == 3);
  CHECK(point.load_rps == Approx(100));
}

TEST_CASE("few requests need more windows, none make no point") {
  ProductionMeter meter;
  model::CapacityPoint point;
  CHECK(WindowsToPoint(meter, Window(1, 10), &point) == 23);
  ProductionMeter silent;
  CHECK(WindowsToPoint(silent, Window(1, 0), &point) == -1);
}

TEST_CASE("an unknown CPU stays unknown") {
  ProductionMeter meter;
  model::CapacityPoint point;
  REQUIRE(WindowsToPoint(meter, Window(2, 200, -1), &point) > 0);
  CHECK(point.cpu_cores < 0);
}

TEST_CASE("the mean instance divides counts, not latencies") {
  const model::KpiWindow mean = MeanInstance(Window(4, 400));
  CHECK(mean.offered == 100);
  CHECK(mean.latency_us.size() == 400);
  CHECK(mean.cpu_seconds == Approx(0.05));
}
