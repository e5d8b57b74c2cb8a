#include "forecast/members.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <numbers>

#include "base/rng.h"

namespace shadowd::forecast {
namespace {

std::vector<double> Days(size_t n, double noise, uint64_t seed) {
  Rng rng(seed);
  std::vector<double> z;
  for (size_t t = 0; t < n; ++t) {
    z.push_back(5 + std::sin(2 * std::numbers::pi * static_cast<double>(t % 24) / 24) + noise * rng.Normal());
  }
  return z;
}

}  // namespace

TEST_CASE("a linear member knows its noise and errs by it") {
  const Rolling rolling = PlaceOrigins(Days(600, 0.1, 1), 0, 12, 24);
  const LinearMember member = TrainLinear(rolling, {.lags = {1, 24}, .harmonics = {{24, 1}}});
  CHECK(member.sigma == Approx(0.1).margin(0.02));
  CHECK(member.paths.error < 1.2 * 0.0798);  // the mean size of such a noise
  CHECK(member.paths.from.size() == rolling.origins.size());
}

TEST_CASE("smoothing finds a slow level in noise and a fast one without it") {
  const std::vector<int> none;
  Rng rng(2);
  std::vector<double> noise, walk{0};
  for (int t = 0; t < 400; ++t) {
    noise.push_back(rng.Normal());
    walk.push_back(walk.back() + rng.Normal());
  }
  const SmoothingMember slow = TrainSmoothing(PlaceOrigins(noise, 0, 4, 1), none, 1);
  const SmoothingMember fast = TrainSmoothing(PlaceOrigins(walk, 0, 4, 1), none, 1);
  CHECK(slow.whole.gains().level <= 0.1);
  CHECK(std::max(fast.whole.gains().level, fast.whole.gains().fade) >= 0.6);
}

TEST_CASE("smoothing leaves out seasons that would cost too much memory") {
  Rng rng(6);
  std::vector<double> z;
  for (int t = 0; t < 4100; ++t) {
    z.push_back(rng.Normal());
  }
  const std::vector<int> seasons{24, 2016}, day{24};
  const Rolling rolling = PlaceOrigins(z, 0, 4, 24);
  std::vector<double> with(50), without(50);
  TrainSmoothing(rolling, seasons, 1).whole.Path(4099, with);
  TrainSmoothing(rolling, day, 1).whole.Path(4099, without);
  CHECK(with == without);
}

TEST_CASE("lags that only add noise are left out, and lags that tell something stay") {
  int noise_kept = 0, signal_kept = 0;
  constexpr int kSeeds = 12;
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    Rng rng(seed);
    std::vector<double> z(60, 0.0);
    for (int t = 60; t < 260; ++t) {  // each step repeats the one twenty before it; a day of 24 is nowhere
      z.push_back(0.95 * z[z.size() - 20] + rng.Normal());
    }
    const Features all{.lags = {1, 2, 3, 4, 20, 23, 24, 25, 26, 30, 31, 32, 47, 48, 49}};
    const Features chosen = TrainLinear(PlaceOrigins(z, 0, 12, 24), all).whole.features();
    for (const int lag : chosen.lags) {
      noise_kept += lag > 2 && lag != 20;
      signal_kept += lag == 20;
    }
  }
  CHECK(signal_kept == kSeeds);
  CHECK(noise_kept < 12 * kSeeds);
}

// For two hundred steps demand repeats itself after twelve steps, then after ten.
TEST_CASE(
    "what lies after a change is the window of a fit where it forecasts the past better, and only there") {
  const bool changes = GENERATE(true, false);
  double all = 0, since = 0, last = 0;
  for (uint64_t seed = 1; seed <= 8; ++seed) {
    Rng rng(seed);
    std::vector<double> z(12, 0.0);
    for (size_t t = 0; t < 12; ++t) {
      z[t] = 3 * rng.Normal();
    }
    while (z.size() < 500) {
      z.push_back(z[z.size() - (changes && z.size() >= 250 ? 10 : 12)] + 0.1 * rng.Normal());
    }
    Rolling rolling = PlaceOrigins(z, 0, 12, 12);
    const Features features{.lags = {1, 2, 10, 12}};
    all += TrainLinear(rolling, features).paths.error;
    rolling.changed = 250;
    since += TrainLinear(rolling, features).paths.error;
    rolling.changed = rolling.train - 5;  // too few rows to learn from
    last += TrainLinear(rolling, features).paths.error;
  }
  CHECK(since <= (changes ? 0.8 : 1.02) * all);
  CHECK(last == all);
}

}  // namespace shadowd::forecast
