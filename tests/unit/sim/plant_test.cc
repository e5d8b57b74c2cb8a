#include "sim/plant.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <numeric>

#include "sim/arrivals.h"

namespace shadowd::sim {
namespace {

using namespace std::chrono_literals;

PlantOptions Before() {
  return {};
}
PlantOptions After() {
  PlantOptions options;
  options.service_ms = 28;
  options.cpu_ms = 0.56;
  return options;
}

struct Run {
  std::vector<uint32_t> latency_us;
  uint64_t offered = 0, completed = 0, errors = 0;
  double cpu_seconds = 0;

  double QuantileMs(double p) const {
    std::vector<uint32_t> sorted = latency_us;
    std::sort(sorted.begin(), sorted.end());
    return sorted[static_cast<size_t>(p * static_cast<double>(sorted.size() - 1))] * 1e-3;
  }
};

Run Drive(const PlantOptions& options, double rate, int seconds, uint64_t seed) {
  Rng rng(seed);
  Plant plant(options, rng.Fork());
  Arrivals arrivals(rate, MonoTime{}, rng.Fork());
  Run run;
  for (int s = 1; s <= seconds; ++s) {
    const MonoTime until{std::chrono::seconds(s)};
    while (arrivals.Peek() < until) {
      plant.Offer(arrivals.Take());
    }
    const model::KpiWindow window = plant.Collect(until, WallTime(std::chrono::seconds(s - 1)));
    run.latency_us.insert(run.latency_us.end(), window.latency_us.begin(), window.latency_us.end());
    run.offered += window.offered;
    run.completed += window.completed;
    run.errors += window.errors;
    run.cpu_seconds += window.cpu_seconds;
  }
  return run;
}

TEST_CASE("The plant shows the figures the demo was planned with") {
  const Run before = Drive(Before(), 135, 300, 1);
  const Run after = Drive(After(), 135, 300, 2);
  const Run relieved = Drive(After(), 108, 300, 3);
  const Run deeper = Drive(Before(), 180, 300, 4);
  INFO("p95 in ms: 135 rps before " << before.QuantileMs(.95) << ", after " << after.QuantileMs(.95)
                                    << ", 108 rps after " << relieved.QuantileMs(.95) << ", 180 rps before "
                                    << deeper.QuantileMs(.95));
  CHECK(before.QuantileMs(.95) == Approx(40).margin(6));
  CHECK(after.QuantileMs(.95) == Approx(180).margin(60));
  CHECK(relieved.QuantileMs(.95) == Approx(65).margin(10));
  CHECK(before.cpu_seconds / static_cast<double>(before.completed) == Approx(0.4e-3).epsilon(0.02));
}

TEST_CASE("With exponential service the mean wait is Erlang's C formula") {
  PlantOptions options;
  options.service_ms = 10;
  options.service_cv = 1;
  options.shape = ServiceShape::kGamma;
  const Run run = Drive(options, 320, 400, 7);  // utilisation 0.8
  const double mean_us = std::accumulate(run.latency_us.begin(), run.latency_us.end(), 0.0) /
                         static_cast<double>(run.latency_us.size());
  // C(4, 3.2) = 0.5964, mean wait C / (4 mu - lambda) = 7.455 ms.
  CHECK(mean_us * 1e-3 == Approx(17.455).epsilon(0.06));
}

TEST_CASE("The same seed gives the same windows") {
  CHECK(Drive(Before(), 150, 5, 9).latency_us == Drive(Before(), 150, 5, 9).latency_us);
  CHECK(Drive(Before(), 150, 5, 9).latency_us != Drive(Before(), 150, 5, 10).latency_us);
}

TEST_CASE("An overloaded plant serves its capacity, fills its queue and then refuses") {
  PlantOptions options;
  options.queue_max = 50;
  const Run run = Drive(options, 400, 20, 11);
  CHECK(run.errors > run.offered / 3);
  CHECK(static_cast<double>(run.latency_us.size()) / 20 == Approx(200).epsilon(0.03));
  CHECK(*std::max_element(run.latency_us.begin(), run.latency_us.end()) < 500'000);
}

TEST_CASE("Warm-up makes the first requests slower and dearer and then wears off") {
  PlantOptions options;
  options.warm_up_factor = 3;
  options.warm_up_seconds = 4;
  Rng rng(3);
  Plant plant(options, rng.Fork());
  Arrivals arrivals(50, MonoTime{}, rng.Fork());
  std::vector<double> cpu;
  for (int s = 1; s <= 8; ++s) {
    const MonoTime until{std::chrono::seconds(s)};
    while (arrivals.Peek() < until) {
      plant.Offer(arrivals.Take());
    }
    const model::KpiWindow window = plant.Collect(until, WallTime{});
    cpu.push_back(window.cpu_seconds / static_cast<double>(window.completed));
  }
  CHECK(cpu[0] > 2.2 * cpu[6]);
  CHECK(cpu[6] == Approx(0.4e-3).epsilon(0.15));
}

}  // namespace
}  // namespace shadowd::sim
