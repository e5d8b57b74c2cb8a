#include "forecast/season.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <numbers>

#include "base/rng.h"

namespace shadowd::forecast {
namespace {

std::vector<double> Wave(int n, double season, double noise) {
  Rng rng(7);
  std::vector<double> z;
  for (int t = 0; t < n; ++t) {
    z.push_back(10 + std::sin(2 * std::numbers::pi * t / season) + noise * rng.Normal());
  }
  return z;
}

}  // namespace

TEST_CASE("a day is found where the step divides it") {
  CHECK(FindSeasons(Wave(24 * 6, 24, 0.2), std::chrono::hours(1)) == std::vector<int>{24});
}

TEST_CASE("a season that no calendar knows is found to a few steps") {
  const std::vector<int> seasons = FindSeasons(Wave(720, 180, 0.1), Micros(1'000'000));
  REQUIRE(seasons.size() == 1);
  CHECK(seasons[0] == Approx(180).margin(12));
}

TEST_CASE("noise, a constant and too little data have no season") {
  Rng rng(3);
  std::vector<double> noise;
  for (int t = 0; t < 500; ++t) {
    noise.push_back(rng.Normal());
  }
  CHECK(FindSeasons(noise, std::chrono::hours(1)).empty());
  CHECK(FindSeasons(std::vector<double>(500, 4.0), std::chrono::hours(1)).empty());
  CHECK(FindSeasons(Wave(30, 24, 0), std::chrono::hours(1)).empty());
}

}  // namespace shadowd::forecast
