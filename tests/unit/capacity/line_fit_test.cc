#include <catch2/catch.hpp>

#include "capacity/curve_fit.h"

namespace shadowd::capacity {
namespace {

TEST_CASE("Points on a line give that line") {
  const std::vector<Observation> points = {{1, 5, 1}, {2, 7, 1}, {4, 11, 1}};
  const LineFit fit = FitLine(points, 0, 0);
  CHECK(fit.intercept == Approx(3));
  CHECK(fit.slope == Approx(2));
}

TEST_CASE("Neither slope nor intercept becomes negative") {
  const std::vector<Observation> falling = {{1, 9, 1}, {2, 5, 1}};
  CHECK(FitLine(falling, 0, 0).slope == 0);
  CHECK(FitLine(falling, 0, 0).intercept == Approx(7));
  const std::vector<Observation> steep = {{1, 1, 1}, {2, 9, 1}};
  CHECK(FitLine(steep, 0, 0).intercept == 0);
}

TEST_CASE("A single abscissa gives the mean as a constant") {
  const std::vector<Observation> points = {{2, 4, 1}, {2, 6, 1}};
  CHECK(FitLine(points, 0, 0).intercept == Approx(5));
  CHECK(FitLine(points, 0, 0).slope == 0);
}

}  // namespace
}  // namespace shadowd::capacity
