#include "forecast/combination.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>

#include "base/rng.h"

namespace shadowd::forecast {
namespace {

using Values = std::vector<double>;

// z_t = c + a (z_{t-1} - c), as uncertain as `variance` says.
LinearModel Pull(double c, double a, double variance = 0.01) {
  return LinearModel({.lags = {1}, .harmonics = {}}, c, {0, a},
                     std::vector<double>{variance, 0, 0, variance});
}

Values PathOf(Combination& combination, Values z, int horizon) {
  Values path;
  const Values before = z;
  combination.Path(z, 100, horizon, path);
  CHECK(z == before);
  return path;
}

}  // namespace

TEST_CASE("a season repeats itself, the newest one first") {
  Combination naive({}, {3}, {1});
  CHECK(PathOf(naive, {1, 2, 3, 4, 5, 6}, 5) == Values{4, 5, 6, 4, 5});
  CHECK(naive.LongestSeason() == 3);
}

TEST_CASE("a season longer than what is known repeats the last value") {
  Combination naive({}, {4}, {1});
  CHECK(PathOf(naive, {7, 8}, 6) == Values{8, 8, 7, 8, 8, 8});
}

TEST_CASE("an iterated linear member is its closed form") {
  Combination single({Pull(10, 0.5)}, {}, {1});
  const Values path = PathOf(single, {3, 26}, 6);
  for (size_t h = 1; h <= path.size(); ++h) {
    CHECK(path[h - 1] == Approx(10 + std::pow(0.5, static_cast<double>(h)) * 16));
  }
}

TEST_CASE("the forecast is the weighted mean of its members") {
  Combination both({Pull(10, 0.5)}, {1, 2}, {0.5, 0.3, 0.2});
  CHECK(both.members() == 3);
  CHECK(both.MaxLag() == 2);
  const Values path = PathOf(both, {20, 30}, 2);
  CHECK(path[0] == Approx(0.5 * 20 + 0.3 * 30 + 0.2 * 20));
  CHECK(path[1] == Approx(0.5 * 15 + 0.3 * 30 + 0.2 * 30));
}

TEST_CASE("a smoothing member stands between the linear and the naive ones and learns") {
  const Smoothing level(Values(8, 4.0), 0, {}, {.level = 0.5, .season = 0, .fade = 0});
  Combination all({Pull(10, 0.5)}, {level}, {1}, {0.2, 0.3, 0.5});
  CHECK(all.members() == 3);
  CHECK(PathOf(all, {20}, 1)[0] == Approx(0.2 * 15 + 0.3 * 4 + 0.5 * 20));
  Combination alone({}, {level}, {}, {1});
  alone.Update(Values{4, 6}, 8, 10);
  CHECK(PathOf(alone, {6}, 1)[0] == Approx(5));
  alone.Update(Values{4, 6, 1000}, 9, 1);  // six sigmas above 5
  CHECK(PathOf(alone, {6}, 1)[0] == Approx(8));
}

TEST_CASE("a member without weight says nothing, however wild it is") {
  Combination with({Pull(0, 1e300)}, {1}, {0, 1});
  CHECK(PathOf(with, {5, 6}, 4) == Values{6, 6, 6, 6});
}

TEST_CASE("an explosive member stays within half the range beyond what was seen") {
  Combination single({Pull(0, 3)}, {}, {1});
  single.Widen(-2);
  single.Widen(10);
  const Values up = PathOf(single, {1, 4}, 20);
  CHECK(up[0] == 12);
  CHECK(*std::max_element(up.begin(), up.end()) == 16);
  const Values down = PathOf(single, {1, -2}, 20);
  CHECK(*std::min_element(down.begin(), down.end()) == -8);
}

TEST_CASE("linear members learn what came") {
  Combination single({Pull(0, 0)}, {}, {1});
  Rng rng(14);
  Values z{8};
  for (int i = 0; i < 1000; ++i) {
    z.push_back(0.5 * z.back() + rng.Normal());
    single.Update(z, i, 1);
  }
  Combination fresh({Pull(0, 0)}, {}, {1});
  CHECK(PathOf(single, {2}, 1)[0] == Approx(1).margin(0.3));
  CHECK(PathOf(fresh, {2}, 1)[0] == 0);
}

TEST_CASE("an outlier teaches no more than six sigmas would, and eighteen after a change") {
  const auto [memory, sigmas] = GENERATE(std::pair(Memory::kLong, 6), std::pair(Memory::kShort, 18));
  Combination outlier({Pull(0, 0.5)}, {}, {1});
  Combination edge({Pull(0, 0.5)}, {}, {1});
  Combination inside({Pull(0, 0.5)}, {}, {1});
  for (Combination* one : {&outlier, &edge, &inside}) {
    one->Widen(-1000);
    one->Widen(1000);
  }
  outlier.Update(Values{10, 1e6}, 1, 2, memory);
  edge.Update(Values{10, 5.0 + sigmas * 2}, 1, 2, memory);
  const double learnt = PathOf(outlier, {10}, 1)[0];
  CHECK(learnt == Approx(PathOf(edge, {10}, 1)[0]));
  inside.Update(Values{10, 5.0 + (sigmas - 1) * 2}, 1, 2, memory);
  CHECK(PathOf(inside, {10}, 1)[0] > 5);
  CHECK(PathOf(inside, {10}, 1)[0] < learnt);
}

// Nothing has changed, and yet what learns was told so for a day.
TEST_CASE("a false alarm costs next to nothing") {
  double told = 0, calm = 0;
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    Rng rng(seed);
    Values z{0, 0};
    Combination usual({LinearModel({.lags = {1, 2}}, 0, {0, 0.5, 0.2},
                                   std::vector<double>{0.01, 0, 0, 0, 0.01, 0, 0, 0, 0.01})},
                      {}, {1}, MemberWeights(1, {{1, 1.1}}));
    Combination alarmed = usual;
    for (int64_t t = 2; t < 400; ++t) {
      Values of_usual, of_alarmed;
      usual.Path(z, t - 1, 1, of_usual);
      alarmed.Path(z, t - 1, 1, of_alarmed);
      const double truth = 0.5 * z[z.size() - 1] + 0.2 * z[z.size() - 2] + rng.Normal();
      calm += std::abs(truth - of_usual[0]);
      told += std::abs(truth - of_alarmed[0]);
      z.push_back(truth);
      usual.Update(z, t, 1);
      alarmed.Update(z, t, 1, t >= 100 && t < 124 ? Memory::kShort : Memory::kLong);
    }
  }
  CHECK(told < 1.02 * calm);
}

}  // namespace shadowd::forecast
