#include "series/time_series.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

namespace shadowd::series {
namespace {

WallTime At(double seconds) {
  return WallTime(FromSeconds(seconds));
}

TimeSeries Make(Reduce reduce = Reduce::kMean, size_t capacity = 8) {
  return TimeSeries(FromSeconds(10), capacity, reduce, 6);
}

}  // namespace

TEST_CASE("samples of one step are reduced as asked") {
  const auto [reduce, wanted] =
      GENERATE(table<Reduce, float>({{Reduce::kMean, 2.F}, {Reduce::kSum, 6.F}, {Reduce::kMax, 3.F}}));
  TimeSeries series = Make(reduce);
  CHECK(series.Add(At(100), 1) == AddResult::kNewStep);
  CHECK(series.Add(At(104), 3) == AddResult::kReduced);
  CHECK(series.Add(At(109.9), 2) == AddResult::kReduced);
  CHECK(series[0] == wanted);
}

TEST_CASE("missing steps are NaN and a late sample fills one once") {
  TimeSeries series = Make();
  series.Add(At(100), 1);
  series.Add(At(130), 4);
  REQUIRE(series.size() == 4);
  CHECK(std::isnan(series[1]));
  CHECK(series.Add(At(115), 2) == AddResult::kFilled);
  CHECK(series.Add(At(115), 9) == AddResult::kIgnored);
  CHECK(series[1] == 2);
  CHECK(series.present() == 3);
}

TEST_CASE("the ring keeps the newest steps") {
  TimeSeries series = Make();
  for (int i = 0; i < 20; ++i) {
    series.Add(At(10 * i), i);
  }
  CHECK(series.size() == 8);
  CHECK(series[0] == 12);
  CHECK(series.first() == At(120));
  CHECK(series.last() == At(190));
  CHECK(series.present() == 8);
  series.Add(At(220), 1);  // a gap of two pushes three out
  CHECK(series.present() == 6);
  for (int i = 23; i < 29; ++i) {
    series.Add(At(10 * i), i);
  }
  CHECK(series.present() == 7);  // one of the gap is left
  series.Clear();
  CHECK(series.present() == 0);
}

TEST_CASE("one sample from the future is ignored and three are believed") {
  TimeSeries series = Make();
  series.Add(At(100), 1);
  CHECK(series.Add(At(9000), 5) == AddResult::kIgnored);
  CHECK(series.Add(At(110), 2) == AddResult::kNewStep);
  series.Add(At(9000), 5);
  series.Add(At(9010), 5);
  CHECK(series.Add(At(9020), 5) == AddResult::kNewStep);
  CHECK(series.last() == At(9020));
}

TEST_CASE("a clock that was set back moves the labels and keeps the values") {
  TimeSeries series = Make();
  for (int i = 0; i < 5; ++i) {
    series.Add(At(1000 + 10 * i), i);
  }
  series.Add(At(500), 5);
  series.Add(At(510), 6);
  CHECK(series.Add(At(520), 7) == AddResult::kRebased);
  CHECK(series.last() == At(520));
  CHECK(series.size() == 6);
  CHECK(series[0] == 0);
}

TEST_CASE("what is not finite is ignored and counted") {
  TimeSeries series = Make();
  series.Add(At(0), std::numeric_limits<double>::quiet_NaN());
  series.Add(At(0), std::numeric_limits<double>::infinity());
  series.Add(At(0), 1e300);
  CHECK(series.empty());
  CHECK(series.ignored() == 3);
}

TEST_CASE("the newest steps come in order, wherever the ring begins") {
  TimeSeries series = Make();
  for (int t = 0; t < 21; ++t) {
    series.Add(At(10.0 * t), t);
    for (size_t count = 0; count <= 9; ++count) {
      const std::vector<float> newest = series.Newest(count);
      REQUIRE(newest.size() == std::min(count, series.size()));
      for (size_t i = 0; i < newest.size(); ++i) {
        REQUIRE(newest[i] == series[series.size() - newest.size() + i]);
      }
    }
  }
}

}  // namespace shadowd::series
