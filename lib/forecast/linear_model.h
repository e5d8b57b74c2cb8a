// A linear model of a series on chosen lags and on sines and cosines of its seasons, fitted by ridge
// regression and kept up by recursive least squares with forgetting: K = P f / (mu + f' P f),
// w += K (y - f' w), P = (P - K f' P) / mu. An update is O(p^2). Pure value type.
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "forecast/memory.h"

namespace shadowd::forecast {

struct Harmonics {
  int season = 0;  // steps
  int count = 0;   // sine and cosine pairs
  bool operator==(const Harmonics&) const = default;
};

// The mean of `width` neighbouring steps, the newest of them `lag` steps back, and of the same steps
// `stride`, 2 * `stride` ... earlier. It smooths a noise that single lags would carry into the forecast.
struct Mean {
  int lag = 1;
  int width = 1;
  int stride = 0;
  int count = 1;

  int Reach() const { return lag + width - 1 + (count - 1) * stride; }
  bool operator==(const Mean&) const = default;
};

struct Features {
  std::vector<int> lags = {};  // ascending
  std::vector<Mean> means = {};
  std::vector<Harmonics> harmonics = {};

  size_t size() const;  // with the intercept
  int MaxLag() const;
  bool operator==(const Features&) const = default;
};

class LinearModel {
 public:
  LinearModel() = default;
  // `inverse` is the whole matrix P, row by row.
  LinearModel(Features features, double centre, std::vector<double> weights, std::span<const double> inverse);

  // With other coefficients, as sure of them as it is of its own.
  LinearModel With(double centre, std::vector<double> weights) const {
    LinearModel other = *this;
    other.centre_ = centre;
    other.weights_ = std::move(weights);
    return other;
  }

  const Features& features() const { return features_; }
  double centre() const { return centre_; }
  const std::vector<double>& weights() const { return weights_; }
  const std::vector<double>& inverse() const { return inverse_; }
  // z holds the past and, behind it, what was forecast so far; predicts z[at] from z[at - lag]. `step` is the
  // label of z[at], for the seasons' phase. Lags before the start count as the centre.
  double Predict(std::span<const double> z, size_t at, int64_t step) const;
  // Predictions of the steps behind z, each from those before it and kept within [low, high]. z is extended
  // while it works and comes back as it was.
  void Path(std::vector<double>& z, int64_t first_step, double low, double high,
            std::span<double> path) const;
  // The truth of z[at] has come.
  void Update(std::span<const double> z, size_t at, int64_t step, double truth,
              Memory memory = Memory::kLong);

  static void Fill(const Features& features, double centre, std::span<const double> z, size_t at,
                   int64_t step, std::span<double> row);

 private:
  double OfSeasons(size_t first_weight, int64_t step) const;

  Features features_;
  double centre_ = 0;  // subtracted from lags and target; the intercept takes what is left
  std::vector<double> weights_;
  std::vector<double> inverse_;  // P, the rows of its lower triangle: it is symmetric
};

}  // namespace shadowd::forecast
