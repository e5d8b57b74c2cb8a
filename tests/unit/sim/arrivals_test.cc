#include "sim/arrivals.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <vector>

namespace shadowd::sim {
namespace {

struct Gaps {
  double mean = 0;
  double cv = 0;
};

Gaps Measure(int stages) {
  Arrivals arrivals(200, MonoTime{}, Rng(5), stages);
  constexpr int kCount = 20'000;
  double last = 0, sum = 0, squares = 0;
  for (int i = 0; i < kCount; ++i) {
    const double at = ToSeconds(arrivals.Take().time_since_epoch());
    sum += at - last;
    squares += (at - last) * (at - last);
    last = at;
  }
  const double mean = sum / kCount;
  return {mean, std::sqrt(squares / kCount - mean * mean) / mean};
}

TEST_CASE("Poisson arrivals keep their rate and have gaps of cv one") {
  const Gaps gaps = Measure(1);
  CHECK(gaps.mean == Approx(0.005).epsilon(0.03));
  CHECK(gaps.cv == Approx(1).epsilon(0.03));
}

TEST_CASE("Erlang arrivals of four stages are half as variable at the same rate") {
  const Gaps gaps = Measure(4);
  CHECK(gaps.mean == Approx(0.005).epsilon(0.03));
  CHECK(gaps.cv == Approx(0.5).epsilon(0.03));
}

TEST_CASE("A change of rate takes effect from the next gap on") {
  Arrivals arrivals(10, MonoTime{}, Rng(6));
  arrivals.SetRate(1000);
  arrivals.Take();
  const MonoTime begin = arrivals.Take();
  for (int i = 0; i < 999; ++i) {
    arrivals.Take();
  }
  CHECK(ToSeconds(arrivals.Take() - begin) == Approx(1.0).epsilon(0.15));
}

}  // namespace
}  // namespace shadowd::sim
