#include "analysis/ratio_record.h"

#include <catch2/catch.hpp>
#include <cmath>

#include "base/rng.h"

namespace shadowd::analysis {
namespace {

TEST_CASE("A ratio is that of the sums, however many windows there were") {
  const int windows = GENERATE(1, 7, 5000);
  RatioRecord record;
  for (int i = 0; i < windows; ++i) {
    record.Add(i % 2, 10);
  }
  CHECK(record.windows() == windows);
  CHECK(record.exposure() == Approx(10.0 * windows));
  CHECK(record.Ratio() == Approx(record.amount() / record.exposure()));
}

// CPU seconds of windows of 100 requests whose means scatter by 5 % and correlate; the share of trials whose
// interval ever misses the truth.
double EverMissed(double correlation, double alpha) {
  Rng rng(4);
  constexpr int kTrials = 1000;
  int missed = 0;
  for (int trial = 0; trial < kTrials; ++trial) {
    RatioRecord record;
    bool out = false;
    double state = rng.Normal();
    for (int window = 0; window < 60; ++window) {
      state = correlation * state + std::sqrt(1 - correlation * correlation) * rng.Normal();
      record.Add(100 * 4e-4 * (1 + 0.05 * state), 100);
      const auto interval = record.MeanInterval(alpha);
      out = out || (interval && (interval->low > 4e-4 || interval->high < 4e-4));
    }
    missed += out ? 1 : 0;
  }
  return static_cast<double>(missed) / kTrials;
}

TEST_CASE("The interval of the mean keeps its error bound at all looks") {
  CHECK(EverMissed(0, 0.05) <= 0.05);
  CHECK(EverMissed(0.2, 0.02) <= 0.05);
}

TEST_CASE("Few windows have no interval, and steady ones soon a narrow one") {
  RatioRecord record;
  for (int i = 0; i < 3; ++i) {
    record.Add(0.04, 100);
  }
  CHECK_FALSE(record.MeanInterval(0.05));
  for (int i = 0; i < 10; ++i) {
    record.Add(i % 2 == 0 ? 0.0404 : 0.0396, 100);
  }
  const auto interval = record.MeanInterval(0.01);
  REQUIRE(interval);
  CHECK(interval->high < 1.1 * interval->low);
}

TEST_CASE("Errors that come one by one count each, those that come in bursts less") {
  Rng rng(3);
  RatioRecord steady, bursts;
  for (int window = 0; window < 200; ++window) {
    int single = 0;
    for (int i = 0; i < 100; ++i) {
      single += rng.Uniform() < 0.02 ? 1 : 0;
    }
    steady.Add(single, 100);
    bursts.Add(rng.Uniform() < 0.1 ? 20 : 0, 100);
  }
  CHECK(steady.EventDesignEffect() < 1.5);
  CHECK(bursts.EventDesignEffect() > 12);
}

TEST_CASE("While few windows are known, the errors of one count as a burst; without errors there is none") {
  RatioRecord record;
  record.Add(0, 500);
  CHECK(record.EventDesignEffect() == 1);
  record.Add(30, 500);
  CHECK(record.EventDesignEffect() == Approx(30));
}

}  // namespace
}  // namespace shadowd::analysis
