#include "forecast/blend.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <vector>

#include "base/rng.h"

namespace shadowd::forecast {
namespace {

constexpr int kHorizon = 8;

std::vector<double> Path(double value) {
  return std::vector<double>(kHorizon, value);
}

}  // namespace

TEST_CASE("the own path stands alone without a coarse one and until outcomes are known") {
  Blend blend(kHorizon);
  std::vector<double> path = Path(5);
  blend.Mix(0, {}, path);
  CHECK(path == Path(5));
  for (int64_t t = 0; t < 20; ++t) {
    path = Path(5);
    blend.Mix(t, Path(9), path);
    CHECK(path == Path(5));
    blend.Observe(t + 1, 9);
  }
}

TEST_CASE("each block follows whoever erred less in it") {
  // The own path is right at the first step and 4 off later; the coarse one is 1 off everywhere, to either
  // side.
  Blend blend(kHorizon);
  std::vector<double> path;
  for (int64_t t = 0; t < 400; ++t) {
    const double side = t % 2 == 0 ? 1 : -1;
    path = Path(14);
    path[0] = 10.1;
    std::vector<double> coarse = Path(10 + side);
    blend.Mix(t, coarse, path);
    blend.Observe(t + 1, 10);
  }
  CHECK(blend.OwnWeight(0) > 0.99);
  CHECK(blend.OwnWeight(2) < 0.01);
  CHECK(path[0] == Approx(10.1).margin(0.05));
  CHECK(std::abs(path[6] - 10) <= 1.05);
}

TEST_CASE("a coarse path that lies beside demand is moved to where demand is") {
  Rng rng(3);
  Blend blend(kHorizon);
  std::vector<double> path;
  for (int64_t t = 0; t < 400; ++t) {
    path = Path(rng.Normal() * 20);  // knows nothing
    blend.Mix(t, Path(100), path);
    blend.Observe(t + 1, 107 + 0.2 * rng.Normal());
  }
  for (const double value : path) {
    CHECK(value == Approx(107).margin(0.5));
  }
}

TEST_CASE("a blend is no worse than the best of its parts by more than noise") {
  Rng rng(11);
  Blend blend(1);
  double blended = 0, own = 0, coarse = 0;
  for (int64_t t = 0; t < 3000; ++t) {
    const double truth = 50 + 10 * std::sin(static_cast<double>(t) / 40);
    const double mine = truth + 2 * rng.Normal();
    const double other = truth + 3 * rng.Normal();
    std::vector<double> path = {mine};
    blend.Mix(t, std::vector<double>{other}, path);
    if (t > 300) {
      blended += std::abs(path[0] - truth);
      own += std::abs(mine - truth);
      coarse += std::abs(other - truth);
    }
    blend.Observe(t + 1, truth);
  }
  CHECK(blended < std::min(own, coarse));  // independent errors cancel
}

}  // namespace shadowd::forecast
