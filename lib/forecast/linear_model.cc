#include "forecast/linear_model.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace shadowd::forecast {
namespace {

constexpr double kForget = 0.999;
constexpr double kForgetSoon = 0.92;  // after a change
// Forgetting inflates P in directions that the data no longer excite; past this it pauses.
constexpr double kLargestGain = 1.0;

// Sum of the steps of a mean for z[at], without those before the start. Plain pointers: these are the inner
// loops of every fit.
double Sum(const Mean& mean, double centre, std::span<const double> z, size_t at) {
  double sum = 0;
  for (int k = 0; k < mean.count; ++k) {
    const auto newest = static_cast<std::ptrdiff_t>(at) - mean.lag - std::ptrdiff_t{k} * mean.stride;
    const auto before = std::max<std::ptrdiff_t>(newest - mean.width, -1);
    for (std::ptrdiff_t i = newest; i > before; --i) {
      sum += z.data()[i] - centre;
    }
  }
  return sum;
}

// From the sum for z[at - 1] to that for z[at].
double Moved(double sum, const Mean& mean, double centre, const double* z, size_t at) {
  for (int k = 0; k < mean.count; ++k) {
    const auto newest = static_cast<std::ptrdiff_t>(at) - mean.lag - std::ptrdiff_t{k} * mean.stride;
    const auto gone = newest - mean.width;
    sum += newest >= 0 ? z[newest] - centre : 0;
    sum -= gone >= 0 ? z[gone] - centre : 0;
  }
  return sum;
}

double Share(const Mean& mean) {
  return 1.0 / (mean.width * mean.count);
}

}  // namespace

int Features::MaxLag() const {
  int lag = lags.empty() ? 0 : lags.back();
  for (const Mean& mean : means) {
    lag = std::max(lag, mean.Reach());
  }
  return lag;
}

size_t Features::size() const {
  size_t n = 1 + lags.size() + means.size();
  for (const Harmonics& h : harmonics) {
    n += 2 * static_cast<size_t>(h.count);
  }
  return n;
}

LinearModel::LinearModel(Features features, double centre, std::vector<double> weights,
                         std::span<const double> inverse)
    : features_(std::move(features)), centre_(centre), weights_(std::move(weights)) {
  const size_t p = weights_.size();
  inverse_.reserve(p * (p + 1) / 2);
  for (size_t i = 0; i < p; ++i) {
    for (size_t j = 0; j <= i; ++j) {
      inverse_.push_back((inverse[i * p + j] + inverse[j * p + i]) / 2);
    }
  }
}

void LinearModel::Fill(const Features& features, double centre, std::span<const double> z, size_t at,
                       int64_t step, std::span<double> row) {
  size_t i = 0;
  row[i++] = 1;
  for (const int lag : features.lags) {
    const auto back = static_cast<size_t>(lag);
    row[i++] = back <= at ? z[at - back] - centre : 0;
  }
  for (const Mean& mean : features.means) {
    row[i++] = Share(mean) * Sum(mean, centre, z, at);
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
  for (const Mean& mean : features_.means) {
    sum += weights_[i++] * Share(mean) * Sum(mean, centre_, z, at);
  }
  return sum + OfSeasons(i, step);
}

double LinearModel::OfSeasons(size_t i, int64_t step) const {
  double sum = 0;
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

void LinearModel::Path(std::vector<double>& z, int64_t first_step, double low, double high,
                       std::span<double> path) const {
  const size_t known = z.size();
  z.resize(known + path.size());
  std::vector<double> sums;
  for (const Mean& mean : features_.means) {
    sums.push_back(Sum(mean, centre_, z, known));
  }
  const size_t first_mean = 1 + features_.lags.size();
  for (size_t h = 0; h < path.size(); ++h) {
    const size_t at = known + h;
    double value = centre_ + weights_[0];
    size_t i = 1;
    for (const int lag : features_.lags) {
      const auto back = static_cast<size_t>(lag);
      value += back <= at ? weights_[i] * (z[at - back] - centre_) : 0;
      ++i;
    }
    for (size_t m = 0; m < sums.size(); ++m) {
      const Mean& mean = features_.means[m];
      sums[m] = h == 0 ? sums[m] : Moved(sums[m], mean, centre_, z.data(), at);
      value += weights_[first_mean + m] * Share(mean) * sums[m];
    }
    value += OfSeasons(first_mean + sums.size(), first_step + static_cast<int64_t>(h));
    path[h] = z[at] = std::clamp(value, low, high);
  }
  z.resize(known);
}

void LinearModel::Update(std::span<const double> z, size_t at, int64_t step, double truth, Memory memory) {
  const size_t p = weights_.size();
  std::vector<double> scratch(2 * p);
  Fill(features_, centre_, z, at, step, std::span(scratch).first(p));
  const double* const row = scratch.data();
  double* const gain = scratch.data() + p;
  double expected = centre_;
  double spread = 0;
  const double* packed = inverse_.data();
  for (size_t i = 0; i < p; ++i) {
    double sum = 0;
    for (size_t j = 0; j < i; ++j) {
      sum += packed[j] * row[j];
      gain[j] += packed[j] * row[i];
    }
    gain[i] = sum + packed[i] * row[i];
    packed += i + 1;
  }
  for (size_t i = 0; i < p; ++i) {
    spread += gain[i] * row[i];
    expected += weights_[i] * row[i];
  }
  const double usual = memory == Memory::kShort ? kForgetSoon : kForget;
  const double forget = spread < kLargestGain ? usual : 1.0;
  const double scale = 1 / (forget + spread);
  const double error = truth - expected;
  if (!std::isfinite(error) || !std::isfinite(scale)) {
    return;
  }
  const double kept = 1 / forget;
  double* updated = inverse_.data();
  for (size_t i = 0; i < p; ++i) {
    weights_[i] += gain[i] * scale * error;
    const double share = gain[i] * scale / forget;
    for (size_t j = 0; j <= i; ++j) {
      updated[j] = updated[j] * kept - share * gain[j];
    }
    updated += i + 1;
  }
}

}  // namespace shadowd::forecast
