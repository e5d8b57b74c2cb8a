#include "forecast/start_limits.h"

#include <catch2/catch.hpp>
#include <cmath>

#include "base/rng.h"

namespace shadowd::forecast {
namespace {

// z is noise around ten; every forecast says ten.
struct Known {
  Rolling rolling;
  LinearModel mean{{.lags = {1}}, 10, {0, 0}, std::vector<double>{1, 0, 0, 1}};
  std::vector<double> expected;
  std::vector<std::vector<double>> paths;
};

Known Noise(size_t n, int horizon, const std::vector<double>& spread, uint64_t seed) {
  Rng rng(seed);
  std::vector<double> z;
  for (size_t t = 0; t < n; ++t) {
    z.push_back(10 + spread[t % spread.size()] * rng.Normal());
  }
  Known known{
      .rolling = PlaceOrigins(z, 0, horizon, static_cast<int>(spread.size())), .expected = {}, .paths = {}};
  known.expected.assign(n - known.rolling.train, 10.0);
  for (const size_t origin : known.rolling.origins) {
    known.paths.emplace_back(std::min(static_cast<size_t>(horizon), n - 1 - origin), 10.0);
  }
  return known;
}

LimitsStart Start(const Known& known, int season) {
  return StartLimits(known.rolling, 0.9, known.mean, season, known.expected, known.paths);
}

}  // namespace

TEST_CASE("limits of noise begin at its quantiles and a little beyond") {
  double upper = 0, lower = 0, peak = 0;
  constexpr int kRuns = 30;
  for (uint64_t seed = 1; seed <= kRuns; ++seed) {
    const Known known = Noise(2000, 5, std::vector<double>(600, 2.0), seed);
    const LimitsStart start = Start(known, 0);
    REQUIRE(start.blocks.size() == BlockCount(5));
    CHECK(start.scale.sigma() == Approx(2).margin(1));
    const ErrorScales scales = start.scale.At(2000, 10);
    upper += start.blocks[1].upper.Of(scales) / kRuns;
    lower += start.blocks[1].lower.Of(scales) / kRuns;
    peak += start.peak.Of(scales) / kRuns;
  }
  CHECK(upper == Approx(1.17 * 1.645 * 2).epsilon(0.15));
  CHECK(lower == Approx(1.17 * 1.645 * 2).epsilon(0.15));
  CHECK(peak == Approx(1.186 * 2.04 * 2).epsilon(0.15));  // 0.9 = F(2.04)^5
}

TEST_CASE("an hour that is noisier than others has wider limits") {
  const Known known = Noise(3000, 4, {1, 1, 1, 1, 1, 1, 4, 4, 4, 4, 4, 4}, 3);
  const LimitsStart start = Start(known, 12);
  const double calm = start.blocks[0].upper.Of(start.scale.At(12 * 300 + 2, 10));
  const double wild = start.blocks[0].upper.Of(start.scale.At(12 * 300 + 8, 10));
  CHECK(calm == Approx(1.17 * 1.645).epsilon(0.4));
  CHECK(wild == Approx(1.17 * 1.645 * 4).epsilon(0.4));
}

TEST_CASE("paths that end early say nothing of peaks") {
  Known known = Noise(200, 40, {1.0}, 4);
  for (std::vector<double>& path : known.paths) {
    path.resize(std::min<size_t>(path.size(), 39));
  }
  const LimitsStart start = Start(known, 0);
  ErrorScales ones;
  ones.fill(1);
  CHECK(start.peak.Of(ones) == Approx(2 * 1.17));
}

TEST_CASE("limits from few windows are wider by Student's t") {
  CHECK(QuantileOfFew(5) == Approx(2.571 / 1.960).epsilon(0.01));
  CHECK(QuantileOfFew(10) == Approx(2.228 / 1.960).epsilon(0.003));
  CHECK(QuantileOfFew(30) == Approx(2.042 / 1.960).epsilon(0.001));
  CHECK(QuantileOfFew(1e9) == Approx(1));
  CHECK(QuantileOfFew(0.5) == QuantileOfFew(3));
  const Known known = Noise(700, 48, {1, 1}, 5);  // the held-out part is five horizons
  const LimitsStart start = Start(known, 0);
  const double near = start.blocks[0].upper.coefficients()[0], far = start.blocks[5].upper.coefficients()[0];
  CHECK(far > 1.15 * near);
}

}  // namespace shadowd::forecast
