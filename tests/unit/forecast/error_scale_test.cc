#include "forecast/error_scale.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <vector>

#include "base/rng.h"

namespace shadowd::forecast {
namespace {

constexpr size_t kSoon = 0, kLate = 1, kSoonByPhase = 2, kLateByPhase = 3, kByLevel = 4;

}  // namespace

TEST_CASE("an outage among the errors hardly moves sigma") {
  std::vector<double> errors;
  Rng rng(4);
  for (int i = 0; i < 400; ++i) {
    errors.push_back(rng.Normal());
  }
  const double before = RobustSigma(errors);
  CHECK(before == Approx(1).margin(0.1));
  errors[7] = 1e6;
  CHECK(RobustSigma(errors) < 1.05 * before);
  CHECK(RobustSigma(std::vector<double>{0, 0, 0}) == 0);
}

TEST_CASE("sigmas forget as worked out by hand, and an outlier counts as three of them") {
  const std::vector<double> ones(10, 1.0), zeros(10, 0.0);
  ErrorScale scale(ones, zeros, 0, 0);
  CHECK(scale.sigma() == Approx(1));
  scale.Observe(10, 0, 2);
  CHECK(scale.sigma() == Approx(std::sqrt(0.98 + 0.02 * 4)));
  CHECK(scale.At(11, 0)[kSoon] == Approx(std::sqrt(1.06)));
  CHECK(scale.At(11, 0)[kLate] == Approx(std::sqrt(0.998 + 0.002 * 4)));
  ErrorScale outlier(ones, zeros, 0, 0);
  outlier.Observe(10, 0, -1e9);
  CHECK(outlier.sigma() == Approx(std::sqrt(0.98 + 0.02 * 9)));
}

TEST_CASE("errors that differ by the time of the season are scaled by it") {
  Rng rng(GENERATE(1, 2));
  const int64_t first = GENERATE(0, -1000, 77);
  constexpr int kDay = 48;
  std::vector<double> errors, expected(kDay * 40, 10.0);
  const auto spread = [&](int64_t step) { return ((step % kDay) + kDay) % kDay < kDay / 2 ? 1.0 : 4.0; };
  for (int i = 0; i < kDay * 40; ++i) {
    errors.push_back(spread(first + i) * rng.Normal());
  }
  const ErrorScale scale(errors, expected, first, kDay);
  const int64_t midnight = first - ((first % kDay) + kDay) % kDay + kDay * 100;
  const auto night = scale.At(midnight + kDay / 4, 10), noon = scale.At(midnight + kDay * 3 / 4, 10);
  CHECK(night[kSoon] == noon[kSoon]);
  CHECK(night[kLate] == noon[kLate]);
  CHECK(night[kLateByPhase] == Approx(1).margin(0.25));
  CHECK(noon[kLateByPhase] == Approx(4).margin(0.8));
  CHECK(noon[kSoonByPhase] > 3 * night[kSoonByPhase]);
}

TEST_CASE("errors that grow with the level are scaled by it, and others are not") {
  Rng rng(3);
  const bool grow = GENERATE(true, false);
  std::vector<double> errors, expected;
  for (int i = 0; i < 3000; ++i) {
    expected.push_back(10 + 90 * rng.Uniform());
    errors.push_back((grow ? 0.1 * expected.back() : 5.0) * rng.Normal());
  }
  const ErrorScale scale(errors, expected, 0, 0);
  const double ratio =
      static_cast<double>(scale.At(3000, 90)[kByLevel]) / static_cast<double>(scale.At(3000, 15)[kByLevel]);
  CHECK(ratio == Approx(grow ? 4.0 : 1.0).epsilon(0.25));
}

TEST_CASE("errors that were always zero wake up again") {
  const std::vector<double> zeros(50, 0.0), level(50, 100.0);
  ErrorScale scale(zeros, level, 0, 24);
  for (int64_t t = 50; t < 2050; ++t) {
    scale.Observe(t, 100, 0);
  }
  CHECK(scale.sigma() > 0);
  CHECK(scale.sigma() < 1e-3);
  Rng rng(2);
  for (int64_t t = 2050; t < 4050; ++t) {
    scale.Observe(t, 100, 5 * rng.Normal());
  }
  CHECK(scale.sigma() == Approx(5).margin(2));
}

}  // namespace shadowd::forecast
