#include "analysis/tolerance.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <numbers>
#include <vector>

#include "base/rng.h"

namespace shadowd::analysis {
namespace {

constexpr ToleranceBounds kWide = {.initial = 0.2, .min = 0.005, .max = 2};
constexpr double kNormal95 = 1.959964;  // |N(0, 1)| stays below it in 95 % of cases

struct Play {
  double coverage = 0;
  double width = 0;  // mean, over that of the quantile that knows the scale
};

// 2,000 decisions whose errors drift slowly, jump once and depend on traffic and hour.
Play PlayDrift(uint64_t seed) {
  Rng rng(seed);
  model::ToleranceTracker tracker;
  Play play;
  double oracle = 0;
  constexpr int kDecisions = 2000;
  for (int t = 0; t < kDecisions; ++t) {
    const Circumstances circumstances{.traffic = std::exp(std::clamp(0.5 * rng.Normal(), -1.0, 1.0)),
                                      .dispersion = 0.2 * rng.Uniform(),
                                      .hour = static_cast<double>(t % 24),
                                      .mirrored = rng.Uniform()};
    const double drift =
        0.05 * std::exp(0.7 * std::sin(2 * std::numbers::pi * t / 700)) * (t < 1200 ? 1 : 1.8);
    const double scale = drift * std::exp(0.6 * std::log(circumstances.traffic) +
                                          0.2 * std::sin(2 * std::numbers::pi * circumstances.hour / 24));
    const double error = scale * std::abs(rng.Normal());
    const double tolerance = ToleranceAt(tracker, circumstances, kWide);
    play.coverage += (error <= tolerance ? 1.0 : 0.0) / kDecisions;
    play.width += tolerance;
    oracle += scale * kNormal95;
    Learn(error, circumstances, kWide, tracker);
  }
  play.width /= oracle;
  return play;
}

TEST_CASE(
    "Over a drifting sequence 95 % are covered, at little more than the width of one who knows the scale") {
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    const Play play = PlayDrift(seed);
    INFO("seed " << seed << ": coverage " << play.coverage << ", width " << play.width);
    CHECK(play.coverage > 0.94);
    CHECK(play.coverage < 0.96);
    CHECK(play.width < 1.3);
  }
}

TEST_CASE("The circumstances that errors depend on are learnt") {
  Rng rng(3);
  model::ToleranceTracker tracker;
  for (int i = 0; i < 4000; ++i) {
    const bool busy = i % 2 == 0;
    const Circumstances circumstances{
        .traffic = busy ? 2.0 : 0.5, .dispersion = 0, .hour = 12, .mirrored = 0};
    Learn((busy ? 0.2 : 0.05) * std::abs(rng.Normal()), circumstances, kWide, tracker);
  }
  const double busy = ToleranceAt(tracker, {.traffic = 2, .dispersion = 0, .hour = 12, .mirrored = 0}, kWide);
  const double calm =
      ToleranceAt(tracker, {.traffic = 0.5, .dispersion = 0, .hour = 12, .mirrored = 0}, kWide);
  CHECK(busy == Approx(0.2 * kNormal95).epsilon(0.4));
  CHECK(calm == Approx(0.05 * kNormal95).epsilon(0.4));
}

TEST_CASE("Without outcomes the tolerance is the initial one, and never leaves the operator's bounds") {
  model::ToleranceTracker tracker;
  const ToleranceBounds bounds;
  CHECK(ToleranceAt(tracker, {}, bounds) == Approx(0.2));
  CHECK(ToleranceAt(tracker, {}, {.initial = 5, .min = 0.05, .max = 0.5}) == Approx(0.5));
  for (int i = 0; i < 200; ++i) {
    Learn(10, {}, bounds, tracker);
  }
  CHECK(ToleranceAt(tracker, {}, bounds) == Approx(0.5));
  for (int i = 0; i < 2000; ++i) {
    Learn(0.001, {}, bounds, tracker);
  }
  CHECK(ToleranceAt(tracker, {}, bounds) == Approx(0.05));
  CHECK(tracker.errors.size() == 200);
  CHECK(tracker.outcomes == 2200);
  CHECK(tracker.misses == 200);
}

TEST_CASE("A time at a bound is not paid for long afterwards") {
  model::ToleranceTracker tracker;
  const ToleranceBounds bounds;
  for (int i = 0; i < 1000; ++i) {
    Learn(0.001, {}, bounds, tracker);
  }
  int misses = 0;
  while (ToleranceAt(tracker, {}, bounds) < 0.3 && misses < 100) {
    Learn(0.3, {}, bounds, tracker);
    ++misses;
  }
  CHECK(misses < 20);
}

TEST_CASE("Outcomes that are no numbers change nothing") {
  model::ToleranceTracker tracker;
  Learn(NAN, {}, {}, tracker);
  Learn(INFINITY, {}, {}, tracker);
  CHECK(tracker == model::ToleranceTracker());
}

}  // namespace
}  // namespace shadowd::analysis
