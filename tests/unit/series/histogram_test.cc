#include "series/histogram.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <vector>

#include "base/rng.h"

namespace shadowd::series {

TEST_CASE("quantiles are within a thousandth of the sorted sample's") {
  Rng rng(1);
  Histogram histogram;
  std::vector<int64_t> values;
  for (int i = 0; i < 20000; ++i) {
    values.push_back(1 + static_cast<int64_t>(rng.Exponential(40000)));
    histogram.Record(values.back());
  }
  std::sort(values.begin(), values.end());
  for (const double q : {0.01, 0.5, 0.95, 0.99, 1.0}) {
    const auto exact = static_cast<double>(values[static_cast<size_t>(q * 20000) - 1]);
    CHECK(static_cast<double>(histogram.ValueAtQuantile(q)) == Approx(exact).epsilon(0.001));
  }
  CHECK(histogram.Max() == values.back());
}

TEST_CASE("ranks count every bucket up to the value's, exactly") {
  Histogram histogram;
  histogram.Record(10);
  histogram.Record(20, 3);
  histogram.Record(30);
  CHECK(histogram.RankOf(9) == 0);
  CHECK(histogram.RankOf(20) == 4);
  CHECK(histogram.RankOf(1'000'000'000) == 5);
  CHECK(histogram.Mean() == Approx(20));
}

TEST_CASE("values out of range are clamped and counted") {
  Histogram histogram;
  histogram.Record(0);
  histogram.Record(-5);
  histogram.Record(61'000'000);
  histogram.Record(60'000'000);
  CHECK(histogram.Clamped() == 3);
  CHECK(histogram.Max() == 60'000'000);
  CHECK(histogram.ValueAtQuantile(0) == 1);
}

TEST_CASE("a merge equals the histogram of the union, whatever the order") {
  Rng rng(2);
  Histogram a;
  Histogram b;
  Histogram all;
  for (int i = 0; i < 5000; ++i) {
    const auto v = static_cast<int64_t>(rng.Below(70'000'000));
    (i % 3 == 0 ? a : b).Record(v);
    all.Record(v);
  }
  Histogram ab = a;
  ab.Merge(b);
  b.Merge(a);
  CHECK(ab == all);
  CHECK(b == all);
  a.Clear();
  CHECK(a == Histogram());
}

TEST_CASE("buckets tile the range without holes") {
  Histogram histogram;
  for (int64_t v = 1; v <= 10000; ++v) {
    histogram.Record(v);
  }
  int64_t next = 1;
  uint64_t seen = 0;
  histogram.ForEachBucket([&](int64_t low, int64_t high, uint64_t count) {
    CHECK(low == next);
    next = high + 1;
    seen += count;
  });
  CHECK(seen == 10000);
}

}  // namespace shadowd::series
