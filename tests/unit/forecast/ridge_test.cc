#include "forecast/ridge.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <numbers>
#include <vector>

#include "base/rng.h"
#include "unit/forecast/least_squares.h"

namespace shadowd::forecast {
namespace {

double Angle(int64_t t, int season, int k) {
  return 2 * std::numbers::pi * k * static_cast<double>(t) / season;
}

}  // namespace

TEST_CASE("one lag without a penalty is the textbook regression line") {
  const std::vector<double> z{1, 3, 2, 5, 4, 6};
  // Pairs (1,3) (3,2) (2,5) (5,4) (4,6): means 3 and 4, Sxy = 3, Sxx = 10.
  const LinearModel model = Ridge({.lags = {1}, .harmonics = {}}, z, 1, z.size(), 0).Solve(0);
  for (const double x : {-2.0, 0.0, 3.0, 7.5}) {
    CHECK(model.Predict(std::vector<double>{x}, 1, 6) == Approx(4 + 0.3 * (x - 3)).margin(1e-5));
  }
}

TEST_CASE("a recursion without noise is found exactly") {
  std::vector<double> z{5, -1};
  for (int t = 2; t < 40; ++t) {
    z.push_back(2 + 0.5 * z[z.size() - 1] - 0.8 * z[z.size() - 2]);
  }
  const LinearModel model = Ridge({.lags = {1, 2}, .harmonics = {}}, z, 2, z.size(), 0).Solve(0);
  CHECK(model.Predict(std::vector<double>{7, 4}, 2, 0) == Approx(2 + 0.5 * 4 - 0.8 * 7).margin(1e-4));
}

TEST_CASE("several lags and harmonics are the least squares of the same rows") {
  Rng rng(4);
  std::vector<double> z;
  for (int64_t t = 0; t < 120; ++t) {
    z.push_back(20 + 3 * std::sin(Angle(t, 12, 1)) + 2 * rng.Normal());
  }
  const int64_t first_step = GENERATE(0, 5, -7);
  const auto row = [&](size_t t) {
    const int64_t step = first_step + static_cast<int64_t>(t);
    return std::vector<double>{1,
                               z[t - 1],
                               z[t - 3],
                               std::sin(Angle(step, 12, 1)),
                               std::cos(Angle(step, 12, 1)),
                               std::sin(Angle(step, 12, 2)),
                               std::cos(Angle(step, 12, 2))};
  };
  LeastSquares truth(7);
  for (size_t t = 10; t < 100; ++t) {  // what lies outside of [10, 100) must not matter
    truth.Add(row(t), z[t]);
  }
  const std::vector<double> w = truth.Solve();
  const LinearModel model =
      Ridge({.lags = {1, 3}, .harmonics = {{.season = 12, .count = 2}}}, z, 10, 100, first_step).Solve(0);
  for (size_t t = 100; t < 120; ++t) {
    double expected = 0;
    for (size_t i = 0; i < w.size(); ++i) {
      expected += w[i] * row(t)[i];
    }
    CHECK(model.Predict(z, t, first_step + static_cast<int64_t>(t)) == Approx(expected).margin(1e-4));
  }
}

// Over whole seasons sines and cosines are orthogonal, so a penalty relative to each feature's size divides
// every coefficient, which is the Fourier coefficient, by 1 + lambda, and leaves the mean alone.
TEST_CASE("a penalty shrinks orthogonal features by 1 / (1 + lambda) and not the mean") {
  const auto wave = [](int64_t t) {
    return std::pair(50.0, 7 * std::sin(Angle(t, 16, 1)) - 4 * std::cos(Angle(t, 16, 3)));
  };
  std::vector<double> z;
  for (int64_t t = 0; t < 64; ++t) {
    z.push_back(wave(t).first + wave(t).second);
  }
  const Ridge ridge({.lags = {}, .harmonics = {{.season = 16, .count = 3}}}, z, 0, z.size(), 0);
  const double lambda = GENERATE(0.0, 1e-3, 0.25, 1.0, 9.0);
  const LinearModel model = ridge.Solve(lambda);
  for (int64_t t = 64; t < 80; ++t) {
    CHECK(model.Predict(z, z.size(), t) == Approx(50 + wave(t).second / (1 + lambda)).margin(1e-5));
  }
}

TEST_CASE("a constant series is solvable and stays what it is") {
  const std::vector<double> z(30, GENERATE(0.0, 3.5, -1e6));
  const LinearModel model =
      Ridge({.lags = {1, 2, 3}, .harmonics = {{.season = 6, .count = 2}}}, z, 3, z.size(), 0).Solve(1e-4);
  CHECK(model.Predict(z, z.size(), 30) == Approx(z[0]).margin(1e-9));
}

// z_t = 0.8 z_{t-1} + noise, and every fortieth step a measurement that has nothing to do with it.
TEST_CASE("outliers that count less pull the weights less") {
  Rng rng(21);
  std::vector<double> z{0}, seen{0};
  for (int t = 1; t < 2000; ++t) {
    z.push_back(0.8 * z.back() + rng.Normal());
    seen.push_back(t % 40 == 7 ? 60.0 : z.back());
  }
  const Features features{.lags = {1}};
  const double plain = Ridge(features, seen, 1, 2000, 0).Solve(0).weights()[1];
  Ridge robust(features, seen, 1, 2000, 0);
  robust.DiscountOutliers();
  CHECK(std::abs(robust.Solve(0).weights()[1] - 0.8) < std::abs(plain - 0.8));
}

TEST_CASE(
    "discounting weighs a row by two deviations over its error: the least squares of the weighted rows") {
  Rng rng(5);
  std::vector<double> z;
  for (int t = 0; t < 60; ++t) {
    z.push_back(10 + rng.Normal() + (t == 20 ? 30 : 0));
  }
  const Features none{.lags = {}};  // an intercept alone: the weighted mean
  Ridge ridge(none, z, 0, z.size(), 0);
  ridge.DiscountOutliers();
  double mean = 0;
  for (const double v : z) {
    mean += v / 60;
  }
  std::vector<double> errors;
  for (const double v : z) {
    errors.push_back(std::abs(v - mean));
  }
  std::vector<double> sorted = errors;
  std::sort(sorted.begin(), sorted.end());
  const double far = 2 * 1.4826 * sorted[30];
  double sum = 0, weights = 0;
  for (size_t t = 0; t < z.size(); ++t) {
    const double weight = std::min(1.0, far / errors[t]);
    sum += weight * z[t];
    weights += weight;
  }
  const LinearModel model = ridge.Solve(0);
  CHECK(model.centre() + model.weights()[0] == Approx(sum / weights).epsilon(1e-5));
}

TEST_CASE("rows without an error are left as they are") {
  const std::vector<double> z(50, 3.0);
  Ridge ridge({.lags = {1}}, z, 1, z.size(), 0);
  ridge.DiscountOutliers();
  CHECK(ridge.Solve(1e-3).Predict(z, 50, 50) == Approx(3));
}

TEST_CASE("some of the lags alone are what a regression on them would give") {
  Rng rng(6);
  std::vector<double> z;
  for (int t = 0; t < 90; ++t) {
    z.push_back(3 + rng.Normal() + (t > 0 ? 0.5 * z.back() : 0));
  }
  const Features all{.lags = {1, 2, 5}, .means = {{.lag = 3, .width = 2}}, .harmonics = {{6, 1}}};
  Features some = all;
  some.lags = {1, 5};
  const LinearModel part = Ridge(all, z, 6, z.size(), 0).Solve(1e-3, some.lags);
  const LinearModel own = Ridge(some, z, 6, z.size(), 0).Solve(1e-3);
  CHECK(part.features() == some);
  REQUIRE(part.weights().size() == own.weights().size());
  for (size_t i = 0; i < own.weights().size(); ++i) {
    CHECK(part.weights()[i] == Approx(own.weights()[i]).margin(1e-9));
  }
  CHECK(part.inverse().back() == Approx(own.inverse().back()));
}

}  // namespace shadowd::forecast
