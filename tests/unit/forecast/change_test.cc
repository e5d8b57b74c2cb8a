#include "forecast/change.h"

#include <catch2/catch.hpp>
#include <cmath>

#include "base/rng.h"

namespace shadowd::forecast {
namespace {

constexpr double kDrift = 0.75;
constexpr double kThreshold = 12;

int DelayOf(double shift, Rng& rng) {
  Change change;
  int delay = 0;
  while (!change.active() && delay < 10'000) {
    change.Observe(0, shift + rng.Normal(), false);
    ++delay;
  }
  return delay;
}

// Siegmund's approximation of a CUSUM's mean delay on normal errors (Sequential Analysis, 1985): the
// threshold is crossed as by a Brownian motion with a threshold 1.166 higher.
double ExpectedDelay(double shift) {
  const double drift = shift - kDrift;
  const double reach = 2 * drift * (kThreshold + 1.166);
  return (std::exp(-reach) + reach - 1) / (2 * drift * drift);
}

}  // namespace

TEST_CASE("white errors and misses at the promised rate hardly ever look like a change") {
  Rng rng(GENERATE(1, 2, 3));
  constexpr int kSteps = 100'000;
  Change change;
  int alarms = 0;
  for (int t = 0; t < kSteps; ++t) {
    const double error = rng.Normal();
    change.Observe(0, error, std::abs(error) > 1.96);
    alarms += change.wants_fit();
    change.Settle();
  }
  // Four or five misses in five steps: 5 * 0.05^4 * 0.95 + 0.05^5, three in a hundred thousand; the CUSUM
  // alone would take more than a hundred million steps. Twelve would be five deviations too many.
  CHECK(alarms <= 12);
}

TEST_CASE("a shift is noticed as fast as theory says and in both directions") {
  const double shift = GENERATE(1.5, 2.0, 3.0);
  const int sign = GENERATE(1, -1);
  Rng rng(77);
  double sum = 0;
  constexpr int kRuns = 2000;
  for (int i = 0; i < kRuns; ++i) {
    sum += DelayOf(sign * shift, rng);
  }
  CHECK(sum / kRuns == Approx(ExpectedDelay(shift)).epsilon(0.06));
}

TEST_CASE("a shift smaller than the drift is left to the limits") {
  Rng rng(5);
  CHECK(DelayOf(0.25, rng) == 10'000);
}

TEST_CASE("outliers count as five sigmas, so two in a row are no change and three are") {
  Change change;
  change.Observe(0, 1e9, false);
  change.Observe(0, 1e9, false);
  CHECK_FALSE(change.active());  // 2 * 4.25
  change.Observe(0, 1e9, false);
  CHECK(change.active());  // 3 * 4.25 > 12
  CHECK(change.wants_fit());
}

TEST_CASE("most of the last five steps outside their limits are a change") {
  Change change;
  for (const bool missed : {true, true, false, true, false, true}) {
    change.Observe(0, 0, missed);
    CHECK_FALSE(change.active());
  }
  change.Observe(0, 0, true);  // three of the last five
  CHECK_FALSE(change.active());
  change.Observe(0, 0, true);  // four
  CHECK(change.active());
}

TEST_CASE("limits are wider right after a change and narrow back step by step") {
  Change change;
  CHECK(change.Widening() == 1);
  while (!change.active()) {
    change.Observe(0, 4, false);
  }
  CHECK(change.Widening() == Approx(1.5));
  double before = change.Widening();
  int steps = 0;
  while (change.active()) {
    change.Observe(0, 0, false);
    CHECK(change.Widening() < before);
    before = change.Widening();
    ++steps;
  }
  CHECK(steps == 24);
  CHECK(change.Widening() == 1);
  CHECK(change.wants_fit());  // until one was made
  change.Settle();
  CHECK_FALSE(change.wants_fit());
}

TEST_CASE(
    "a change began where the errors left zero, or with the first miss, and a second alarm is the same") {
  Change sums, misses;
  for (int64_t step = 100; step < 120; ++step) {
    sums.Observe(step, step < 110 ? 0 : 4, false);
    misses.Observe(step, 0, step >= 113);
  }
  REQUIRE(sums.began().has_value());
  CHECK(*sums.began() == 110);
  CHECK(sums.noticed() > 1);
  REQUIRE(misses.began().has_value());
  CHECK(*misses.began() == 113);
  CHECK_FALSE(Change().began().has_value());
}

}  // namespace shadowd::forecast
