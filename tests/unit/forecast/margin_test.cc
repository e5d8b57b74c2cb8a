#include "forecast/margin.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <functional>
#include <vector>

#include "base/rng.h"

namespace shadowd::forecast {
namespace {

constexpr int kSteps = 20'000;

ErrorScales Even(double scale) {
  ErrorScales scales;
  scales.fill(static_cast<float>(scale));
  return scales;
}

double Misses(Margin margin, double miss, const std::function<double(int)>& error) {
  double misses = 0;
  for (int t = 0; t < kSteps; ++t) {
    const double e = error(t);
    misses += e > margin.Of(Even(1)) ? 1.0 / kSteps : 0;
    margin.Observe({e, Even(1)}, miss, 0.1);
  }
  return misses;
}

}  // namespace

TEST_CASE("a margin begins at the conformal rank of past errors over their scales") {
  std::vector<ScaledError> past;
  for (int i = 1; i <= 9; ++i) {
    past.push_back({2.0 * i, Even(2)});
  }
  CHECK(Margin(past, 0.25, 1).Of(Even(1)) == Approx(8));  // ceil(10 * 0.75) = the eighth
  CHECK(Margin(past, 0.25, 1.5).Of(Even(3)) == Approx(36));
  const double root_mean_square = std::sqrt(285.0 / 9);
  CHECK(Margin(past, 0.025, 1).Of(Even(1)) == Approx(2 * root_mean_square));  // the tenth of nine
  CHECK(Margin({}, 0.025, 1).Of(Even(1)) == Approx(2));
}

TEST_CASE("a coefficient moves as worked out by hand") {
  Margin margin(1);
  margin.Observe({2, Even(1)}, 0.05, 0.1);
  CHECK(margin.Of(Even(1)) == Approx(1.095));  // 1 + 0.1 * 0.95
  margin.Observe({1, Even(1)}, 0.05, 0.1);
  CHECK(margin.Of(Even(1)) == Approx(1.095 - 0.1 * 1.095 * 0.05));  // steps grow with k
}

TEST_CASE("a margin misses as often as it may, whatever the errors") {
  Rng rng(GENERATE(1, 2));
  const double miss = GENERATE(0.1, 0.025);
  const double bound = 5 * std::sqrt(miss * (1 - miss) / kSteps);
  const Margin start(GENERATE(0.2, 10.0));
  CHECK(Misses(start, miss, [&](int) { return rng.Normal(); }) == Approx(miss).margin(bound));
  CHECK(Misses(start, miss, [&](int) { return rng.Exponential(1) - 1; }) == Approx(miss).margin(bound));
  CHECK(Misses(start, miss, [&](int t) { return rng.Normal() * (t / 1000 % 2 == 0 ? 1 : 4); }) ==
        Approx(miss).margin(bound));
}

TEST_CASE("the scale that follows the errors gets the weight") {
  Rng rng(5);
  const size_t good = GENERATE(range<size_t>(0, kErrorScales));
  Margin margin(2);
  for (int t = 0; t < 4000; ++t) {
    const double spread = rng.Uniform() < 0.5 ? 1 : 5;  // nothing but the good scale knows
    ErrorScales scales = Even(3);
    scales[good] = static_cast<float>(spread);
    margin.Observe({spread * rng.Normal(), scales}, 0.025, 0.1);
  }
  const auto weighted = margin.Weighted();
  double others = 0;
  for (size_t j = 0; j < kErrorScales; ++j) {
    others += j == good ? 0 : 3 * weighted[j];
  }
  CHECK(weighted[good] == Approx(1.96).margin(0.7));
  CHECK(others < 0.3);
}

TEST_CASE("what was learnt counts nine tenths against a new fit") {
  Margin margin(2);
  margin.Adopt(Margin(4));
  CHECK(margin.Of(Even(1)) == Approx(2.2));
}

}  // namespace shadowd::forecast
