// Against values worked out by hand.
#include "forecast/scores.h"

#include <catch2/catch.hpp>
#include <vector>

namespace shadowd::forecast {

TEST_CASE("the seasonal scale is the mean change from one season to the next") {
  const std::vector<double> values{1, 2, 4, 3, 3, 8};
  CHECK(SeasonalScale(values, 1) == Approx((1 + 2 + 1 + 0 + 5) / 5.0));
  CHECK(SeasonalScale(values, 3) == Approx((2 + 1 + 4) / 3.0));
  CHECK(SeasonalScale(values, 6) == 0);
  CHECK(SeasonalScale(values, 0) == 0);
}

TEST_CASE("scores of two steps by hand") {
  Scorer scorer(4, 0.95);
  // |10 - 8| and |6 - 9|; the second lies one below its lower limit.
  scorer.AddOrigin(std::vector<ScoredStep>{{10, 8, 5, 12}, {6, 9, 7, 11}});
  const Scores scores = scorer.Result();
  CHECK(scores.steps == 2);
  CHECK(scores.origins == 1);
  CHECK(scores.smape == Approx((200 * 2 / 18.0 + 200 * 3 / 15.0) / 2));
  CHECK(scores.mase.value() == Approx((2 + 3) / 2.0 / 4));
  CHECK(scores.msis.value() == Approx((7 + (4 + 2 / 0.05 * 1)) / 2 / 4));
  CHECK(scores.coverage == Approx(0.5));
  CHECK(scores.peak_coverage == 1);
  CHECK(scores.mean_upper_margin.value() == Approx((12 - 10) / 10.0));
  CHECK(scores.mean_relative_width.value() == Approx((7 + 4) / 16.0));
}

TEST_CASE("a miss above the upper limit costs as much as one below the lower") {
  Scorer above(1, 0.9), below(1, 0.9);
  above.AddOrigin(std::vector<ScoredStep>{{13, 10, 8, 12}});
  below.AddOrigin(std::vector<ScoredStep>{{7, 10, 8, 12}});
  CHECK(above.Result().msis.value() == Approx(4 + 2 / 0.1));
  CHECK(below.Result().msis.value() == Approx(4 + 2 / 0.1));
  CHECK(above.Result().peak_coverage == 0);
  CHECK(above.Result().mean_upper_margin.value() == Approx(-1 / 13.0));
  CHECK(below.Result().peak_coverage == 1);
}

TEST_CASE("steps are pooled over origins, peaks are counted once an origin") {
  Scorer scorer(2, 0.95);
  scorer.AddOrigin(std::vector<ScoredStep>{{4, 4, 3, 5}, {8, 6, 5, 7}, {2, 2, 1, 3}});
  scorer.AddOrigin(std::vector<ScoredStep>{{4, 5, 3, 6}});
  const Scores scores = scorer.Result();
  CHECK(scores.mase.value() == Approx((0 + 2 + 0 + 1) / 4.0 / 2));
  CHECK(scores.coverage == Approx(0.75));
  CHECK(scores.peak_coverage == Approx(0.5));
  CHECK(scores.mean_upper_margin.value() == Approx(((7 - 8) / 8.0 + (6 - 4) / 4.0) / 2));
}

TEST_CASE("no demand and a series that never changed give no nonsense numbers") {
  Scorer scorer(0, 0.95);
  scorer.AddOrigin(std::vector<ScoredStep>{{0, 0, 0, 0}});
  const Scores scores = scorer.Result();
  CHECK(scores.smape == 0);
  CHECK_FALSE(scores.mase.has_value());
  CHECK_FALSE(scores.msis.has_value());
  CHECK_FALSE(scores.mean_upper_margin.has_value());
  CHECK_FALSE(scores.mean_relative_width.has_value());
  CHECK(scores.coverage == 1);
  CHECK(Scorer(1, 0.95).Result().steps == 0);
}

TEST_CASE("the overall weighted average of Naive2 itself is one, and R's scores give R's") {
  CHECK(OverallWeightedAverage(kNaive2HourlySmape, kNaive2HourlyMase, kNaive2HourlySmape,
                               kNaive2HourlyMase) == Approx(1));
  // Seasonal naive and mstl with ARIMA, as published and as R's package scores.
  CHECK(OverallWeightedAverage(13.912, 1.193, kNaive2HourlySmape, kNaive2HourlyMase) ==
        Approx(0.628).margin(0.001));
  CHECK(OverallWeightedAverage(11.955, 1.091, kNaive2HourlySmape, kNaive2HourlyMase) ==
        Approx(0.553).margin(0.001));
}

}  // namespace shadowd::forecast
