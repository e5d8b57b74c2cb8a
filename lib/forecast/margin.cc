#include "forecast/margin.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace shadowd::forecast {
namespace {

constexpr double kLargest = 50;
constexpr double kLearnt = 0.9;
constexpr double kLossMemory = 0.01;  // weight of the newest loss
constexpr double kNoErrors = 2;       // coefficient where nothing is known

double Pinball(double error, double limit, double miss) {
  return error > limit ? (1 - miss) * (error - limit) : miss * (limit - error);
}

double ScaleOf(const ErrorScales& scales, size_t j) {
  return std::max(1e-12, static_cast<double>(scales[j]));
}

// What too few scores cannot show is taken from their spread.
double ConformalQuantile(std::vector<double> scores, double miss) {
  if (scores.empty()) {
    return kNoErrors;
  }
  std::sort(scores.begin(), scores.end());
  const auto n = static_cast<double>(scores.size());
  const double rank = std::ceil((n + 1) * (1 - miss));
  if (rank <= n) {
    return std::max(0.0, scores[static_cast<size_t>(rank) - 1]);
  }
  double square = 0;
  for (const double s : scores) {
    square += s * s / n;
  }
  return std::max({0.0, scores.back(), 2 * std::sqrt(square)});
}

double SixteenthPower(double x) {
  const double square = x * x, fourth = square * square;
  return fourth * fourth * fourth * fourth;
}

}  // namespace

Margin::Margin(std::span<const ScaledError> past, double miss, double optimism) {
  std::vector<double> scores(past.size());
  for (size_t j = 0; j < kErrorScales; ++j) {
    for (size_t i = 0; i < past.size(); ++i) {
      scores[i] = past[i].error / ScaleOf(past[i].scales, j);
    }
    const double k = ConformalQuantile(scores, miss);
    k_[j] = optimism * k;
    for (const ScaledError& p : past) {
      loss_[j] += Pinball(p.error, k * ScaleOf(p.scales, j), miss) / static_cast<double>(past.size());
    }
  }
}

std::array<double, kErrorScales> Margin::Weighted() const {
  const double least = *std::min_element(loss_.begin(), loss_.end());
  std::array<double, kErrorScales> weighted{};
  double sum = 0;
  for (size_t j = 0; j < kErrorScales; ++j) {
    weighted[j] = least > 0 ? SixteenthPower(least / loss_[j]) : (loss_[j] > 0 ? 0 : 1);
    sum += weighted[j];
  }
  for (size_t j = 0; j < kErrorScales; ++j) {
    weighted[j] *= k_[j] / sum;
  }
  return weighted;
}

double Margin::Of(const ErrorScales& scales) const {
  return Product(Weighted(), scales);
}

void Margin::Observe(const ScaledError& outcome, double miss, double eta) {
  for (size_t j = 0; j < kErrorScales; ++j) {
    const double limit = k_[j] * static_cast<double>(outcome.scales[j]);
    loss_[j] += kLossMemory * (Pinball(outcome.error, limit, miss) - loss_[j]);
    const double moved = eta * std::max(1.0, k_[j]) * ((outcome.error > limit ? 1.0 : 0.0) - miss);
    k_[j] = std::clamp(k_[j] + moved, 0.0, kLargest);
  }
}

void Margin::Adopt(const Margin& fitted) {
  for (size_t j = 0; j < kErrorScales; ++j) {
    k_[j] = kLearnt * k_[j] + (1 - kLearnt) * fitted.k_[j];
    loss_[j] = kLearnt * loss_[j] + (1 - kLearnt) * fitted.loss_[j];
  }
}

double Product(const std::array<double, kErrorScales>& weighted, const ErrorScales& scales) {
  double sum = 0;
  for (size_t j = 0; j < kErrorScales; ++j) {
    sum += weighted[j] * static_cast<double>(scales[j]);
  }
  return sum;
}

}  // namespace shadowd::forecast
