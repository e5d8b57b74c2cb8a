#include "forecast/gaps.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

#include "base/rng.h"

namespace shadowd::forecast {
namespace {

constexpr float kGap = std::numeric_limits<float>::quiet_NaN();

std::vector<double> FilledAsIs(const std::vector<float>& demand, int season) {
  return Filled(demand, Transform{}, season);
}

}  // namespace

TEST_CASE("a gap at the start takes the first value that was measured") {
  const int season = GENERATE(0, 1, 2, 3, 10);
  CHECK(FilledAsIs({kGap, kGap, kGap, 5, 6}, season) == std::vector<double>{5, 5, 5, 5, 6});
}

TEST_CASE("a gap at the end takes the season before it") {
  CHECK(FilledAsIs({1, 2, 3, 4, kGap, kGap}, 3) == std::vector<double>{1, 2, 3, 4, 2, 3});
}

TEST_CASE("without a season a gap holds the last value") {
  CHECK(FilledAsIs({1, 2, kGap, kGap, 7, kGap}, 1) == std::vector<double>{1, 2, 2, 2, 7, 7});
  CHECK(FilledAsIs({1, 2, kGap, kGap, 7, kGap}, 0) == std::vector<double>{1, 2, 2, 2, 7, 7});
}

TEST_CASE("a gap before one season has passed holds the last value") {
  CHECK(FilledAsIs({4, kGap, 6, kGap, kGap}, 4) == std::vector<double>{4, 4, 6, 6, 4});
}

TEST_CASE("a gap longer than a season repeats the season before it") {
  CHECK(FilledAsIs({1, 2, 3, kGap, kGap, kGap, kGap, kGap, kGap, kGap, 9}, 3) ==
        std::vector<double>{1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 9});
}

TEST_CASE("nothing but gaps is nothing") {
  CHECK(FilledAsIs({}, 3).empty());
  CHECK(FilledAsIs({kGap, kGap, kGap}, 1).empty());
}

TEST_CASE("measured and filled values are in the transformed scale") {
  const Transform log{.log = true, .floor = 1};
  const std::vector<double> z = Filled(std::vector<float>{8, 0, kGap, kGap}, log, 2);
  REQUIRE(z.size() == 4);
  CHECK(z[0] == Approx(std::log(8.0)));
  CHECK(z[1] == 0);  // the floor
  CHECK(z[2] == z[0]);
  CHECK(z[3] == z[1]);
}

TEST_CASE("filling looks back only and touches nothing that was measured") {
  Rng rng(GENERATE(range<uint64_t>(1, 6)));
  std::vector<float> demand;
  for (int t = 0; t < 200; ++t) {
    demand.push_back(rng.Uniform() < 0.3 ? kGap : static_cast<float>(100 * rng.Uniform()));
  }
  demand[0] = 50;
  const int season = GENERATE(1, 7, 150);
  const std::vector<double> whole = FilledAsIs(demand, season);
  REQUIRE(whole.size() == demand.size());
  for (size_t t = 0; t < demand.size(); ++t) {
    REQUIRE(std::isfinite(whole[t]));
    if (!std::isnan(demand[t])) {
      REQUIRE(whole[t] == static_cast<double>(demand[t]));
    }
  }
  const size_t cut = 1 + rng.Below(demand.size() - 1);
  const std::vector<double> part =
      FilledAsIs({demand.begin(), demand.begin() + static_cast<std::ptrdiff_t>(cut)}, season);
  CHECK(part == std::vector<double>(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(cut)));
}

}  // namespace shadowd::forecast
