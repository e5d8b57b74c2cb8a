#include "analysis/latency_record.h"

#include <catch2/catch.hpp>
#include <cmath>

#include "base/rng.h"

namespace shadowd::analysis {
namespace {

// Lognormal latencies with median 20 ms; `correlation` is that of neighbours.
std::vector<uint32_t> Draw(Rng& rng, int count, double correlation) {
  std::vector<uint32_t> values;
  double state = rng.Normal();
  for (int i = 0; i < count; ++i) {
    state = correlation * state + std::sqrt(1 - correlation * correlation) * rng.Normal();
    values.push_back(static_cast<uint32_t>(20'000 * std::exp(0.6 * state)));
  }
  return values;
}

const double kTrueP95 = 20'000 * std::exp(0.6 * 1.6448536);

// Looks after every 100 samples; the share of trials in which the sequence ever excludes the truth.
double EverWrong(double correlation, int trials, int samples, double alpha) {
  Rng rng(11);
  int wrong = 0;
  for (int trial = 0; trial < trials; ++trial) {
    LatencyRecord record;
    bool excluded = false;
    for (int seen = 0; seen < samples && !excluded; seen += 100) {
      record.Add(Draw(rng, 100, correlation));
      const model::Interval interval = record.QuantileInterval(0.95, alpha);
      excluded = interval.low > kTrueP95 || interval.high < kTrueP95;
    }
    wrong += excluded ? 1 : 0;
  }
  return static_cast<double>(wrong) / trials;
}

TEST_CASE("Quantiles are within half a percent of the sample") {
  LatencyRecord record;
  std::vector<uint32_t> values;
  for (uint32_t i = 1; i <= 1000; ++i) {
    values.push_back(i * 100);
  }
  record.Add(values);
  CHECK(record.Quantile(0.5) == Approx(50'000).epsilon(0.006));
  CHECK(record.Quantile(0.99) == Approx(99'000).epsilon(0.006));
  CHECK(record.count() == 1000);
}

TEST_CASE("An empty record bounds nothing") {
  const model::Interval interval = LatencyRecord().QuantileInterval(0.95, 0.05);
  CHECK(interval.low == 0);
  CHECK(std::isinf(interval.high));
}

TEST_CASE("Independent samples have a design effect near one, correlated ones a larger") {
  Rng rng(3);
  LatencyRecord independent, sticky;
  independent.Add(Draw(rng, 8000, 0));
  sticky.Add(Draw(rng, 8000, 0.9));
  for (const double log_share : {0.0, 0.3, 1.0}) {
    CHECK(independent.DesignEffectAt(20'000, log_share) < 1.5);
    CHECK(sticky.DesignEffectAt(20'000, log_share) > 6);
  }
}

TEST_CASE("Samples all on one side of a limit are as correlated as their logarithms show") {
  Rng rng(3);
  LatencyRecord sticky;
  sticky.Add(Draw(rng, 8000, 0.9));
  CHECK(sticky.DesignEffectAt(1e9, 0) == 1);
  CHECK(sticky.DesignEffectAt(1e9, 1) > 10);
}

TEST_CASE("A few samples bound nothing, as nobody knows yet how they correlate") {
  Rng rng(3);
  LatencyRecord record;
  record.Add(Draw(rng, 150, 0));
  CHECK(record.QuantileInterval(0.5, 0.05).low == 0);
  CHECK(std::isinf(record.QuantileInterval(0.5, 0.05).high));
}

TEST_CASE("The step of a log is seen in its latencies") {
  LatencyRecord record;
  record.Add(std::vector<uint32_t>{3000, 0, 21'000});
  CHECK(record.resolution_us() == 3000);
  record.Add(std::vector<uint32_t>{4000});
  CHECK(record.resolution_us() == 1000);
  record.Add(std::vector<uint32_t>{4001});
  CHECK(record.resolution_us() == 1);
}

TEST_CASE("An interval whose ends bear the bound each is within the one that bears it with both") {
  Rng rng(3);
  LatencyRecord record;
  record.Add(Draw(rng, 4000, 0));
  const model::Interval both = record.QuantileInterval(0.95, 0.001);
  const model::Interval each = record.QuantileInterval(0.95, 0.002, Ends::kEach);
  CHECK(each.low > both.low);
  CHECK(each.high < both.high);
}

TEST_CASE("Looking often does not make the sequence wrong more often than alpha") {
  CHECK(EverWrong(0, 300, 3000, 0.05) <= 0.05);
}

TEST_CASE("Correlation between neighbours is paid for") {
  CHECK(EverWrong(0.7, 200, 3000, 0.05) <= 0.05);
}

TEST_CASE("Looking often in 2000 trials keeps alpha, with and without correlation", "[slow]") {
  CHECK(EverWrong(0, 2000, 6000, 0.05) <= 0.05);
  CHECK(EverWrong(0.5, 2000, 6000, 0.05) <= 0.05);
  CHECK(EverWrong(0.9, 2000, 6000, 0.05) <= 0.05);
}

}  // namespace
}  // namespace shadowd::analysis
