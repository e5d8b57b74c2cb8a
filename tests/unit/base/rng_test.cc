#include "base/rng.h"

#include <catch2/catch.hpp>

using shadowd::Rng;

TEST_CASE("the same seed gives the same stream") {
  Rng a(7);
  Rng b(7);
  Rng c(8);
  const uint64_t first = a.Next();
  CHECK(first == b.Next());
  CHECK(first != c.Next());
}

TEST_CASE("distributions have their mean and variance") {
  Rng rng(1);
  constexpr int kDraws = 200'000;
  double exponential = 0, normal = 0, normal_squared = 0, gamma = 0, small_gamma = 0;
  for (int i = 0; i < kDraws; ++i) {
    exponential += rng.Exponential(3.0);
    const double z = rng.Normal();
    normal += z;
    normal_squared += z * z;
    gamma += rng.Gamma(4.0);
    small_gamma += rng.Gamma(0.5);
  }
  CHECK(exponential / kDraws == Approx(3.0).epsilon(0.02));
  CHECK(normal / kDraws == Approx(0.0).margin(0.01));
  CHECK(normal_squared / kDraws == Approx(1.0).epsilon(0.02));
  CHECK(gamma / kDraws == Approx(4.0).epsilon(0.02));
  CHECK(small_gamma / kDraws == Approx(0.5).epsilon(0.03));
}

TEST_CASE("Below covers its range evenly") {
  Rng rng(3);
  int counts[5] = {};
  for (int i = 0; i < 50'000; ++i) {
    ++counts[rng.Below(5)];
  }
  for (const int count : counts) {
    CHECK(count == Approx(10'000).epsilon(0.05));
  }
}
