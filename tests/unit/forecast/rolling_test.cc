#include "forecast/rolling.h"

#include <catch2/catch.hpp>
#include <numeric>

#include "base/rng.h"

namespace shadowd::forecast {
namespace {

std::vector<double> Counting(size_t n) {
  std::vector<double> z(n);
  std::iota(z.begin(), z.end(), 0.0);
  return z;
}

Combination Naive() {
  return Combination({}, {1}, {1.0});
}

}  // namespace

TEST_CASE("the held-out part is five horizons or a season, and never more than a third") {
  CHECK(PlaceOrigins(Counting(1000), 0, 48, 168).train == 1000 - 240);
  CHECK(PlaceOrigins(Counting(1000), 0, 12, 168).train == 1000 - 168);
  CHECK(PlaceOrigins(Counting(1000), 0, 1, 1).train == 1000 - 48);
  CHECK(PlaceOrigins(Counting(90), 0, 48, 168).train == 60);
}

TEST_CASE("origins begin where the training part ends and leave something to forecast") {
  const size_t n = GENERATE(24, 100, 1000, 5000);
  const Rolling rolling = PlaceOrigins(Counting(n), 7, 12, 24);
  REQUIRE_FALSE(rolling.origins.empty());
  CHECK(rolling.origins.front() == rolling.train - 1);
  CHECK(rolling.origins.back() < n - 1);
  CHECK(rolling.origins.size() <= 64);
  CHECK(rolling.LabelOf(3) == 10);
}

TEST_CASE("paths of the last value err by the distance that a line has gone") {
  const Rolling rolling = PlaceOrigins(Counting(200), 0, 4, 1);
  const Paths paths = Roll(rolling, Naive(), 0);
  REQUIRE(paths.from.size() == rolling.origins.size());
  CHECK(paths.from[0] == std::vector<double>(4, static_cast<double>(rolling.train - 1)));
  CHECK(paths.from.back().size() == std::min<size_t>(4, 200 - 1 - rolling.origins.back()));
  REQUIRE(paths.next.size() == 200 - rolling.train);
  for (size_t i = 0; i < paths.next.size(); ++i) {
    CHECK(paths.next[i] == static_cast<double>(rolling.train + i - 1));
  }
  CHECK(paths.error == Approx(2.5).margin(0.1));  // the mean of 1, 2, 3, 4, but for the end
  const std::vector<double> errors = ErrorsOf(rolling, Naive(), 0, 1);
  CHECK(errors.front() == 2.5);
  CHECK(errors.size() == rolling.origins.size());
  CHECK(ErrorsOf(rolling, Naive(), 0, 3).size() == (errors.size() + 2) / 3);
  CHECK(ErrorOf(rolling, Naive(), 0, 1) ==
        Approx(std::accumulate(errors.begin(), errors.end(), 0.0) / static_cast<double>(errors.size())));
}

TEST_CASE("a path sees nothing that follows its origin") {
  Rng rng(3);
  std::vector<double> one(300);
  for (double& v : one) {
    v = rng.Normal();
  }
  std::vector<double> other = one;
  const Rolling rolling = PlaceOrigins(one, 0, 6, 1);
  const size_t origin = rolling.origins[rolling.origins.size() / 2];
  for (size_t t = origin + 1; t < other.size(); ++t) {
    other[t] = 100;
  }
  const LinearModel model({.lags = {1, 2}}, 0, {0.1, 0.5, 0.2},
                          std::vector<double>{1, 0, 0, 0, 1, 0, 0, 0, 1});
  const Paths a = Roll(rolling, Combination({model}, {}, {1.0}), 1);
  const Paths b = Roll(PlaceOrigins(other, 0, 6, 1), Combination({model}, {}, {1.0}), 1);
  for (size_t o = 0; o <= rolling.origins.size() / 2; ++o) {
    CHECK(a.from[o] == b.from[o]);
  }
  CHECK(a.from.back() != b.from.back());
}

TEST_CASE("members learn on the way as they would online, and without a sigma they do not") {
  Rng rng(8);
  std::vector<double> z{1};
  while (z.size() < 400) {
    z.push_back(0.9 * z.back() + rng.Normal());
  }
  const Rolling rolling = PlaceOrigins(z, 0, 1, 1);
  const LinearModel wrong({.lags = {1}}, 0, {0, -0.9}, std::vector<double>{0.05, 0, 0, 0.05});
  const double still = Roll(rolling, Combination({wrong}, {}, {1.0}), 0).error;
  CHECK(Roll(rolling, Combination({wrong}, {}, {1.0}), 1e9).error < 0.8 * still);
  CHECK(ErrorOf(rolling, Combination({wrong}, {}, {1.0}), 0, 1) == Approx(still));
}

}  // namespace shadowd::forecast
