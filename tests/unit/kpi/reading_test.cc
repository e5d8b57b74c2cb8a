#include "kpi/reading.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>

#include "model/kpi.h"

using namespace shadowd;
using namespace shadowd::kpi;

TEST_CASE("A window has the counts of its reading, and the quantiles that its source said") {
  Reading reading;
  reading.start = WallFromMicros(1'000'000);
  reading.length = std::chrono::seconds(15);
  reading.demand_rps = 100;
  reading.error_ratio = 0.02;
  reading.latency_us = {{0.5, 10'000}, {0.95, 40'000}, {0.99, 90'000}};
  reading.cpu_cores = 2;
  const model::KpiWindow window = WindowOf(reading);
  CHECK(window.offered == 1500);
  CHECK(window.completed == 1500);
  CHECK(window.errors == 30);
  CHECK(window.cpu_seconds == 30);
  CHECK(window.memory_bytes == -1);
  CHECK(window.latency_us.size() == kLatencyRanks);
  std::vector<uint32_t> sorted = window.latency_us;
  std::sort(sorted.begin(), sorted.end());
  const auto at = [&sorted](double quantile) {
    return sorted[static_cast<size_t>(std::ceil(quantile * static_cast<double>(sorted.size())) - 1)];
  };
  CHECK(at(0.5) == Approx(10'000).margin(1));
  CHECK(at(0.95) == Approx(40'000).margin(1));
  CHECK(at(0.99) == Approx(90'000).margin(1));
  // In no order: a run of slow ones would look like a change within the window.
  CHECK(std::adjacent_find(window.latency_us.begin(), window.latency_us.end(),
                           [](uint32_t a, uint32_t b) { return a == b; }) != window.latency_us.begin());
  CHECK_FALSE(std::is_sorted(window.latency_us.begin(), window.latency_us.end()));
}

TEST_CASE("A window of few requests has no more latencies than requests, and one of none has none") {
  Reading reading;
  reading.length = std::chrono::seconds(1);
  reading.latency_us = {{0.5, 10}};
  for (const double rps : {0.0, 1.0, 2.0, 3.0, 7.0}) {
    reading.demand_rps = rps;
    CHECK(WindowOf(reading).latency_us.size() == static_cast<size_t>(rps));
  }
}

TEST_CASE("What cannot be is missing") {
  CHECK(Plausible(3.0) == 3.0);
  CHECK_FALSE(Plausible(-1.0));
  CHECK_FALSE(Plausible(std::nan("")));
  CHECK_FALSE(Plausible(INFINITY));
  CHECK_FALSE(Plausible(1.5, 1));
  CHECK_FALSE(Plausible(std::nullopt));
}
