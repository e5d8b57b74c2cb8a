#include "load/arrivals.h"

#include <algorithm>
#include <cmath>

#include "require_ok.h"

namespace shadowd::load {
namespace {

TEST_CASE("Poisson gaps are exponential by the Kolmogorov-Smirnov test") {
  const uint64_t seed = GENERATE(1, 2, 3);
  Arrivals arrivals(ArrivalKind::kPoisson, 1, seed);
  constexpr int kCount = 20'000;
  std::vector<double> gaps(kCount);
  std::generate(gaps.begin(), gaps.end(), [&] { return arrivals.NextGap(); });
  std::sort(gaps.begin(), gaps.end());
  double distance = 0;
  for (int i = 0; i < kCount; ++i) {
    const double expected = 1 - std::exp(-gaps[static_cast<size_t>(i)]);
    distance = std::max(
        {distance, std::abs(expected - i / double{kCount}), std::abs(expected - (i + 1) / double{kCount})});
  }
  CHECK(distance * std::sqrt(kCount) < 1.95);  // false alarm in 0.1 % of seeds
}

TEST_CASE("gaps have mean 1 and the variance of their kind") {
  struct Case {
    ArrivalKind kind;
    int order;
    double variance;
  };
  const auto c = GENERATE(values<Case>({{ArrivalKind::kConstant, 1, 0.0},
                                        {ArrivalKind::kPoisson, 1, 1.0},
                                        {ArrivalKind::kErlang, 1, 1.0},
                                        {ArrivalKind::kErlang, 4, 0.25},
                                        {ArrivalKind::kErlang, 9, 1.0 / 9}}));
  Arrivals arrivals(c.kind, c.order, 11);
  constexpr int kCount = 100'000;
  double sum = 0, squares = 0;
  for (int i = 0; i < kCount; ++i) {
    const double gap = arrivals.NextGap();
    sum += gap;
    squares += gap * gap;
  }
  const double mean = sum / kCount;
  CHECK(mean == Approx(1).margin(0.015));
  CHECK(squares / kCount - mean * mean == Approx(c.variance).margin(0.03));
}

TEST_CASE("the clock of a rate curve inverts its integral") {
  const RateCurve curve({{0, 10}, {10, 30}, {20, 0}, {30, 0}, {40, 50}});
  CHECK(curve.RateAt(-1) == 10);
  CHECK(curve.RateAt(5) == Approx(20));
  CHECK(curve.RateAt(50) == 50);
  CHECK(*curve.Advance(0, 200) == Approx(10));
  CHECK(*curve.Advance(0, 350) == Approx(20).margin(1e-6));
  CHECK(*curve.Advance(0, 350 + 250) == Approx(40));
  CHECK(*curve.Advance(40, 100) == Approx(42));
  CHECK(*curve.Advance(-2, 20) == Approx(0).margin(1e-9));
  double at = 0;  // many small steps end where one large step does
  for (int i = 0; i < 1000; ++i) {
    at = *curve.Advance(at, 0.3);
  }
  CHECK(at == Approx(*curve.Advance(0, 300)));
  CHECK_FALSE(RateCurve(0.0).Advance(5, 1).has_value());
}

TEST_CASE("arrivals on a ramp follow the ramp") {
  const RateCurve curve({{0, 0}, {100, 200}});
  Arrivals arrivals(ArrivalKind::kPoisson, 1, 5);
  int early = 0, late = 0;
  for (double at = *curve.Advance(0, arrivals.NextGap()); at < 100;
       at = *curve.Advance(at, arrivals.NextGap())) {
    ++(at < 50 ? early : late);
  }
  CHECK(early == Approx(2500).margin(4 * 50));
  CHECK(late == Approx(7500).margin(4 * 87));
}

}  // namespace
}  // namespace shadowd::load
