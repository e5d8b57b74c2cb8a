#include "forecast/linear_model.h"

#include <cmath>
#include <numbers>

namespace shadowd::forecast {
namespace {

constexpr double kForget = 0.999;
// Forgetting inflates P in directions that the data no longer excite; past this it pauses.
constexpr double kLargestGain = 1.0;

}  // namespace

size_t Features::size() const {
  size_t n = 1 + lags.size();
  for (const Harmonics& h : harmonics) {
    n += 2 * static_cast<size_t>(h.count);
  }
  return n;
}

LinearModel::LinearModel(Features features, double centre, std::vector<double> weights,
                         std::vector<double> inverse)
    : features_(std::move(features)),
      centre_(centre),
      weights_(std::move(weights)),
      inverse_(std::move(inverse)),
      row_(weights_.size()),
      gain_(weights_.size()) {}

void LinearModel::Fill(const Features& features, double centre, std::span<const double> z, size_t at,
                       int64_t step, std::span<double> row) {
  size_t i = 0;
  row[i++] = 1;
  for (const int lag : features.lags) {
    const auto back = static_cast<size_t>(lag);
    row[i++] = back <= at ? z[at - back] - centre : 0;
  }
  for (const Harmonics& h : features.harmonics) {
    const double turn = static_cast<double>(step % h.season) / h.season * 2 * std::numbers::pi;
    const double s1 = std::sin(turn);
    const double c1 = std::cos(turn);
    double s = s1;
    double c = c1;
    for (int k = 0; k < h.count; ++k) {
      row[i++] = s;
      row[i++] = c;
      const double next = s * c1 + c * s1;  // the next multiple of the angle
      c = c * c1 - s * s1;
      s = next;
    }
  }
}

// The sum runs without a row in memory where only lags count, which is most of a path's cost.
double LinearModel::Predict(std::span<const double> z, size_t at, int64_t step) const {
  double sum = centre_ + weights_[0];
  size_t i = 1;
  for (const int lag : features_.lags) {
    const auto back = static_cast<size_t>(lag);
    sum += back <= at ? weights_[i] * (z[at - back] - centre_) : 0;
    ++i;
  }
  for (const Harmonics& h : features_.harmonics) {
    const double turn = static_cast<double>(step % h.season) / h.season * 2 * std::numbers::pi;
    const double s1 = std::sin(turn);
    const double c1 = std::cos(turn);
    double s = s1;
    double c = c1;
    for (int k = 0; k < h.count; ++k, i += 2) {
      sum += weights_[i] * s + weights_[i + 1] * c;
      const double next = s * c1 + c * s1;
      c = c * c1 - s * s1;
      s = next;
    }
  }
  return sum;
}

void LinearModel::Update(std::span<const double> z, size_t at, int64_t step, double truth) {
  const size_t p = weights_.size();
  Fill(features_, centre_, z, at, step, row_);
  double expected = centre_;
  double spread = 0;
  for (size_t i = 0; i < p; ++i) {
    double sum = 0;
    for (size_t j = 0; j < p; ++j) {
      sum += inverse_[i * p + j] * row_[j];
    }
    gain_[i] = sum;
    spread += sum * row_[i];
    expected += weights_[i] * row_[i];
  }
  const double forget = spread < kLargestGain ? kForget : 1.0;
  const double scale = 1 / (forget + spread);
  const double error = truth - expected;
  if (!std::isfinite(error) || !std::isfinite(scale)) {
    return;
  }
  for (size_t i = 0; i < p; ++i) {
    weights_[i] += gain_[i] * scale * error;
    for (size_t j = 0; j < p; ++j) {
      inverse_[i * p + j] = (inverse_[i * p + j] - gain_[i] * gain_[j] * scale) / forget;
    }
  }
}

}  // namespace shadowd::forecast
