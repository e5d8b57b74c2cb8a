#include "forecast/peaks.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>

#include "base/rng.h"

namespace shadowd::forecast {
namespace {

constexpr int kHorizon = 80;

// Steps 0..10.
const std::vector<double> kSeries{0, 1, 2, 9, 4, 5, 6, 3, 8, 2, 1};

Origin At(int64_t step, double sigma, std::vector<float> path) {
  return {step, sigma, std::move(path)};
}

}  // namespace

TEST_CASE("a score is the realised peak less the predicted one, in sigmas") {
  Peaks peaks(kHorizon);
  peaks.Adopt({At(2, 0.5, {7, 3, 4})});  // said of the steps 3, 4, 5
  SECTION("over the whole path") {
    const Peaks::Scores scores = peaks.For(kSeries, 10, 1, 3, 0.95);
    CHECK(scores.count == 1);
    CHECK(scores.mean == Approx((9 - 7) / 0.5));
    CHECK(scores.upper == Approx((9 - 7) / 0.5));
  }
  SECTION("over a part of it") {
    CHECK(peaks.For(kSeries, 10, 2, 3, 0.95).mean == Approx((5 - 4) / 0.5));
    CHECK(peaks.For(kSeries, 10, 2, 2, 0.95).mean == Approx((4 - 3) / 0.5));
  }
}

TEST_CASE("a window that is not over, not covered by the path or no longer known does not count") {
  Peaks peaks(kHorizon);
  peaks.Adopt({At(7, 1, {1, 2, 3, 4})});
  CHECK(peaks.For(kSeries, 10, 1, 3, 0.95).count == 1);
  CHECK(peaks.For(kSeries, 10, 1, 4, 0.95).count == 0);
  CHECK(peaks.For(kSeries, 20, 1, 5, 0.95).count == 0);
  CHECK(peaks.For(std::vector<double>{1, 2}, 10, 1, 3, 0.95).count == 0);
  CHECK(peaks.For(std::vector<double>{4, 1, 2}, 10, 1, 3, 0.95).count == 1);
}

TEST_CASE("the limit is the conformal rank of the scores") {
  std::vector<Origin> origins;
  for (int i = 0; i < 9; ++i) {
    origins.push_back(At(i, 1, {0}));
  }
  Peaks peaks(kHorizon);
  peaks.Adopt(origins);
  // What came at the steps 1..9: 1 2 9 4 5 6 3 8 2, sorted 1 2 2 3 4 5 6 8 9.
  CHECK(peaks.For(kSeries, 10, 1, 1, 0.5).upper == 8);   // ceil(10 * 0.75) = the eighth
  CHECK(peaks.For(kSeries, 10, 1, 1, 0.2).upper == 5);   // ceil(10 * 0.6) = the sixth
  CHECK(peaks.For(kSeries, 10, 1, 1, 0.95).upper == 9);  // the tenth of nine is the largest
  CHECK(peaks.For(kSeries, 10, 1, 1, 0.95).mean == Approx(40.0 / 9));
}

TEST_CASE("without a past there is no score") {
  Peaks peaks(kHorizon);
  CHECK(peaks.For(kSeries, 10, 1, 2, 0.95).count == 0);
  peaks.Remember(3, 1, std::vector<double>{1, 2});
  CHECK(peaks.For(kSeries, 10, 1, 2, 0.95).count == 1);
  peaks.Forget();
  CHECK(peaks.For(kSeries, 10, 1, 2, 0.95).count == 0);
}

TEST_CASE("paths are kept an eighth of the horizon apart and only so many") {
  Peaks peaks(kHorizon);
  const std::vector<double> path(80, 0.0);
  const std::vector<double> series(1001, 1.0);
  for (int64_t t = 0; t <= 100; ++t) {
    peaks.Remember(t, 1, path);
  }
  CHECK(peaks.For(series, 1000, 1, 1, 0.95).count == 11);  // 0, 10, ... 100
  for (int64_t t = 101; t <= 900; ++t) {
    peaks.Remember(t, 1, path);
  }
  CHECK(peaks.For(series, 1000, 1, 1, 0.95).count == Peaks::kMostOrigins);
}

TEST_CASE("paths of a fit replace older ones and leave newer ones") {
  Peaks peaks(kHorizon);
  for (const int64_t t : {1, 4, 7}) {
    peaks.Remember(t, 1, std::vector<double>{0});  // scores 2, 5, 8
  }
  peaks.Adopt({At(2, 1, {8}), At(5, 1, {5})});  // scores 1, 1
  const Peaks::Scores scores = peaks.For(kSeries, 10, 1, 1, 0.95);
  CHECK(scores.count == 3);
  CHECK(scores.mean == Approx((1 + 1 + 8) / 3.0));
}

// The largest of forty exchangeable scores is not exceeded by the next with probability 40 / 41.
TEST_CASE("the peak of the next window lies below its limit forty times in forty-one") {
  constexpr int kWindow = 5;
  constexpr int kTrials = 1500;
  const bool skewed = GENERATE(false, true);
  Rng rng(29);
  int held = 0;
  const std::vector<double> path(size_t{8} * kWindow, 0.0);
  for (int trial = 0; trial < kTrials; ++trial) {
    Peaks peaks(kHorizon);
    std::vector<double> z;
    for (int64_t t = 0; t < int64_t{40} * kWindow; ++t) {
      peaks.Remember(t - 1, 1, path);  // kept at every kWindow-th step
      z.push_back(skewed ? rng.Exponential(1) : rng.Normal());
    }
    const Peaks::Scores scores = peaks.For(z, static_cast<int64_t>(z.size()) - 1, 1, kWindow, 0.95);
    REQUIRE(scores.count == 40);
    double peak = -HUGE_VAL;
    for (int i = 0; i < kWindow; ++i) {
      peak = std::max(peak, skewed ? rng.Exponential(1) : rng.Normal());
    }
    held += peak <= scores.upper;
  }
  constexpr double kShare = 40.0 / 41;
  CHECK(held / double{kTrials} == Approx(kShare).margin(4 * std::sqrt(kShare * (1 - kShare) / kTrials)));
}

}  // namespace shadowd::forecast
