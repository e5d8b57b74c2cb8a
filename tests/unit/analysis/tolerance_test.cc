#include "analysis/tolerance.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <vector>

#include "base/rng.h"

namespace shadowd::analysis {
namespace {

TEST_CASE("Without outcomes the tolerance is the initial one, within bounds") {
  CHECK(TunedTolerance({}, 0.2, 0.9) == 0.2);
  CHECK(TunedTolerance({}, 5, 0.9) == kToleranceMax);
  CHECK(TunedTolerance({}, 0, 0.9) == kToleranceMin);
}

TEST_CASE("The tolerance settles where it covers the wanted share of outcomes") {
  Rng rng(4);
  std::vector<double> errors;
  for (int i = 0; i < 300; ++i) {
    errors.push_back(0.1 * std::abs(rng.Normal()));
  }
  const double tolerance = TunedTolerance(errors, 0.4, 0.9);
  CHECK(tolerance == Approx(0.1645).epsilon(0.35));  // the 90 % point of |N(0, 0.1)|
}

TEST_CASE("Accurate predictions tighten the tolerance, bad ones widen it") {
  const std::vector<double> accurate(40, 0.08), bad(40, 0.4);
  CHECK(TunedTolerance(accurate, 0.2, 0.9) < 0.2);
  CHECK(TunedTolerance(bad, 0.2, 0.9) > 0.3);
}

TEST_CASE("Outcomes that are no numbers are ignored") {
  const std::vector<double> errors = {NAN, INFINITY};
  CHECK(TunedTolerance(errors, 0.2, 0.9) == 0.2);
}

}  // namespace
}  // namespace shadowd::analysis
