#include "forecast/linear_model.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <numbers>

#include "base/rng.h"
#include "unit/forecast/least_squares.h"

namespace shadowd::forecast {
namespace {

constexpr double kForgetting = 0.999;

const Features kTwoLags{.lags = {1, 2}, .harmonics = {}};

// P = 1 / confidence in every direction.
LinearModel Start(const Features& features, const std::vector<double>& weights, double confidence) {
  std::vector<double> inverse(weights.size() * weights.size(), 0.0);
  for (size_t i = 0; i < weights.size(); ++i) {
    inverse[i * weights.size() + i] = 1 / confidence;
  }
  return LinearModel(features, 0, weights, std::move(inverse));
}

// z_t = c + a z_{t-1} + b z_{t-2} + noise, continued from z's end.
void Continue(std::vector<double>& z, int n, double c, double a, double b, Rng& rng) {
  for (int i = 0; i < n; ++i) {
    z.push_back(c + a * z[z.size() - 1] + b * z[z.size() - 2] + rng.Normal());
  }
}

}  // namespace

TEST_CASE("a row is the intercept, the lags and pairs of sine and cosine") {
  const Features features{.lags = {1, 3},
                          .harmonics = {{.season = 4, .count = 1}, {.season = 3, .count = 1}}};
  REQUIRE(features.size() == 7);
  CHECK(features.MaxLag() == 3);
  const std::vector<double> z{10, 20, 30, 40};
  std::vector<double> row(7);
  LinearModel::Fill(features, 5, z, 4, 1, row);
  const double half_root_3 = std::sqrt(3.0) / 2;
  const std::vector<double> expected{1, 35, 15, 1, 0, half_root_3, -0.5};
  for (size_t i = 0; i < row.size(); ++i) {
    CHECK(row[i] == Approx(expected[i]).margin(1e-12));
  }
  LinearModel::Fill(features, 5, z, 2, 1, row);  // three steps back lie before the start
  CHECK(row[1] == 15);
  CHECK(row[2] == 0);
}

TEST_CASE("a mean stands behind the lags and looks at neighbours, season by season") {
  const Features features{.lags = {1},
                          .means = {{.lag = 2, .width = 3}, {.lag = 4, .width = 2, .stride = 4, .count = 2}}};
  REQUIRE(features.size() == 4);
  CHECK(features.MaxLag() == 4 + 1 + 4);
  const std::vector<double> z{10, 20, 30, 40, 50, 60, 70, 80, 90, 100};
  std::vector<double> row(4);
  LinearModel::Fill(features, 0, z, 10, 0, row);
  CHECK(row[1] == 100);
  CHECK(row[2] == Approx((90 + 80 + 70) / 3.0));
  CHECK(row[3] == Approx((70 + 60 + 30 + 20) / 4.0));
  LinearModel::Fill(features, 5, z, 6, 0, row);
  CHECK(row[3] == Approx((25 + 15) / 4.0));  // before the start is the centre
}

TEST_CASE("a path is one prediction after the other, means and harmonics included") {
  const Features features{.lags = {1, 3},
                          .means = {{.lag = 1, .width = 5}, {.lag = 6, .width = 3, .stride = 7, .count = 2}},
                          .harmonics = {{.season = 7, .count = 2}}};
  Rng rng(4);
  std::vector<double> weights, z;
  for (size_t i = 0; i < features.size(); ++i) {
    weights.push_back(0.3 * rng.Normal());
  }
  for (int t = 0; t < 30; ++t) {
    z.push_back(rng.Normal());
  }
  const LinearModel model(features, 0.5, weights, std::vector<double>(weights.size() * weights.size(), 0));
  std::vector<double> path(12), known = z, before = z;
  model.Path(z, 100, -1.5, 1.5, path);
  CHECK(z == before);
  for (size_t h = 0; h < path.size(); ++h) {
    const double one = model.Predict(known, known.size(), 100 + static_cast<int64_t>(h));
    known.push_back(std::clamp(one, -1.5, 1.5));
    CHECK(path[h] == Approx(known.back()).margin(1e-12));
  }
}

TEST_CASE("high harmonics are as exact as the library's sine, whatever the label") {
  const Features features{.lags = {}, .harmonics = {{.season = 1440, .count = 6}}};
  std::vector<double> row(features.size());
  const int64_t step = GENERATE(-1'000'003, -1, 0, 1, 719, 720, 999'999'999);
  LinearModel::Fill(features, 0, {}, 0, step, row);
  for (int k = 1; k <= 6; ++k) {
    const double angle = 2 * std::numbers::pi * k * static_cast<double>(step % 1440) / 1440;
    CHECK(row[static_cast<size_t>(2 * k - 1)] == Approx(std::sin(angle)).margin(1e-12));
    CHECK(row[static_cast<size_t>(2 * k)] == Approx(std::cos(angle)).margin(1e-12));
  }
}

TEST_CASE("a prediction is the row times the weights around the centre") {
  const Features features{.lags = {1, 2, 5}, .harmonics = {{.season = 7, .count = 3}}};
  Rng rng(9);
  std::vector<double> weights;
  for (size_t i = 0; i < features.size(); ++i) {
    weights.push_back(rng.Normal());
  }
  const LinearModel model(features, 12.5, weights, std::vector<double>(weights.size() * weights.size(), 0));
  std::vector<double> z;
  std::vector<double> row(features.size());
  for (size_t t = 0; t < 20; ++t) {
    LinearModel::Fill(features, 12.5, z, t, static_cast<int64_t>(t), row);
    double expected = 12.5;
    for (size_t i = 0; i < row.size(); ++i) {
      expected += row[i] * weights[i];
    }
    CHECK(model.Predict(z, t, static_cast<int64_t>(t)) == Approx(expected));
    z.push_back(20 * rng.Uniform());
  }
}

// Recursive least squares minimises sum_i mu^(n-i) (y_i - f_i w)^2 + mu^n confidence |w - w0|^2.
TEST_CASE("updates one by one are the batch solution with the same forgetting") {
  const std::vector<double> prior{0.3, -0.2, 0.1};
  constexpr double kConfidence = 200;
  const int updates = GENERATE(1, 2, 50, 1500);
  LinearModel model = Start(kTwoLags, prior, kConfidence);
  Rng rng(21);
  std::vector<double> z{0, 1};
  Continue(z, updates, 0.5, 0.6, -0.3, rng);
  LeastSquares batch(3);
  const auto age = [&](size_t t) { return std::pow(kForgetting, static_cast<double>(z.size() - 1 - t)); };
  for (size_t i = 0; i < prior.size(); ++i) {
    std::vector<double> unit(3, 0.0);
    unit[i] = 1;
    batch.Add(unit, prior[i], kConfidence * std::pow(kForgetting, updates));
  }
  for (size_t t = 2; t < z.size(); ++t) {
    model.Update(z, t, static_cast<int64_t>(t), z[t]);
    batch.Add(std::vector<double>{1, z[t - 1], z[t - 2]}, z[t], age(t));
  }
  const std::vector<double> w = batch.Solve();
  for (const auto& [x1, x2] : {std::pair(0.0, 0.0), std::pair(1.0, 0.0), std::pair(0.0, 1.0)}) {
    const double expected = w[0] + w[1] * x1 + w[2] * x2;
    CHECK(model.Predict(std::vector<double>{x2, x1}, 2, 0) == Approx(expected).margin(1e-8));
  }
}

TEST_CASE("a relation that has changed is learnt anew") {
  Rng rng(33);
  LinearModel model = Start(kTwoLags, {0, 0, 0}, 1000);
  std::vector<double> z{0, 0};
  Continue(z, 3000, 0, 0.9, 0, rng);
  Continue(z, 12'000, 2, -0.5, 0.2, rng);
  for (size_t t = 2; t < z.size(); ++t) {
    model.Update(z, t, static_cast<int64_t>(t), z[t]);
  }
  // Some two thousand steps count, so a slope is known to about 0.02 and the intercept to 0.05.
  const double c = model.Predict(std::vector<double>{0, 0}, 2, 0);
  CHECK(c == Approx(2).margin(0.15));
  CHECK(model.Predict(std::vector<double>{0, 1}, 2, 0) - c == Approx(-0.5).margin(0.1));
  CHECK(model.Predict(std::vector<double>{1, 0}, 2, 0) - c == Approx(0.2).margin(0.1));
}

TEST_CASE("a truth that is no number teaches nothing") {
  LinearModel model = Start(kTwoLags, {1, 0.5, 0.25}, 10);
  const std::vector<double> z{3, 4, 5};
  const double before = model.Predict(z, 2, 0);
  model.Update(z, 2, 0, GENERATE(std::nan(""), std::numeric_limits<double>::infinity(), -HUGE_VAL));
  CHECK(model.Predict(z, 2, 0) == before);
  model.Update(z, 2, 0, before + 1);
  CHECK(model.Predict(z, 2, 0) > before);
}

// Between two fits lie at most a few hundred steps; forgetting must not make a quiet time dangerous.
TEST_CASE("after a long quiet time the first movement is not blown up") {
  Rng rng(8);
  LinearModel model = Start(kTwoLags, {0, 0, 0}, 1000);
  std::vector<double> z{0, 0};
  Continue(z, 1000, 0, 0.6, 0, rng);
  for (size_t t = 2; t < z.size(); ++t) {
    model.Update(z, t, 0, z[t]);
  }
  const size_t quiet = z.size();
  z.resize(z.size() + 2000, 0.0);
  for (size_t t = quiet; t < z.size(); ++t) {
    model.Update(z, t, 0, z[t]);
  }
  Continue(z, 20, 0, 0.6, 0, rng);
  for (size_t t = z.size() - 20; t < z.size(); ++t) {
    CHECK(std::abs(model.Predict(z, t, 0)) < 3);
    model.Update(z, t, 0, z[t]);
  }
}

TEST_CASE("right after a change a relation is learnt anew at once") {
  Rng rng(34);
  LinearModel model = Start(kTwoLags, {0, 0, 0}, 1000);
  std::vector<double> z{0, 0};
  Continue(z, 3000, 0, 0.9, 0, rng);
  const size_t changed = z.size();
  for (size_t t = 2; t < changed; ++t) {
    model.Update(z, t, static_cast<int64_t>(t), z[t]);
  }
  Continue(z, 24, 20, -0.5, 0.2, rng);
  LinearModel slow = model, fast = model;
  for (size_t t = changed; t < z.size(); ++t) {
    slow.Update(z, t, static_cast<int64_t>(t), z[t], Memory::kLong);
    fast.Update(z, t, static_cast<int64_t>(t), z[t], Memory::kShort);
  }
  Continue(z, 48, 20, -0.5, 0.2, rng);
  double of_slow = 0, of_fast = 0;
  for (size_t t = changed + 24; t < z.size(); ++t) {
    of_slow += std::abs(z[t] - slow.Predict(z, t, 0)) / 48;
    of_fast += std::abs(z[t] - fast.Predict(z, t, 0)) / 48;
  }
  CHECK(of_fast < 0.9 * of_slow);
}

}  // namespace shadowd::forecast
