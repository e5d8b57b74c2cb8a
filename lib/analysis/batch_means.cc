#include "analysis/batch_means.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace shadowd::analysis {
namespace {

constexpr double kCorrelated = 0.10;  // beyond chance, of neighbouring means
constexpr double kLagMax = 0.90;
constexpr double kBeyondChance = 2.5;  // deviations of a variance
// Estimates from few batches are enlarged: by the first over their number, and steeply below the second.
constexpr double kFewBatches = 5;
constexpr double kVeryFewBatches = 24;

struct Moments {
  double variance = 0, lag_one = 0;
};

Moments MomentsOf(const std::vector<double>& values) {
  const auto count = static_cast<double>(values.size());
  double mean = 0, squares = 0, products = 0;
  for (const double value : values) {
    mean += value / count;
  }
  for (size_t i = 0; i < values.size(); ++i) {
    squares += (values[i] - mean) * (values[i] - mean);
    products += i == 0 ? 0 : (values[i] - mean) * (values[i - 1] - mean);
  }
  return {squares / (count - 1), squares > 0 ? products / squares : 0};
}

void JoinPairs(std::vector<double>& means) {
  const size_t pairs = means.size() / 2;
  for (size_t i = 0; i < pairs; ++i) {
    means[i] = (means[2 * i] + means[2 * i + 1]) / 2;
  }
  means.resize(pairs);
}

}  // namespace

double DesignEffect(std::vector<double> means, double size, SampleMoments sample) {
  if (means.size() < kBatchesMin) {
    return std::numeric_limits<double>::infinity();
  }
  for (;;) {
    const Moments moments = MomentsOf(means);
    const double chance = 1 / std::sqrt(static_cast<double>(means.size()));
    const bool correlated = moments.lag_one > kCorrelated + chance;
    if (correlated && means.size() / 2 >= kBatchesMin) {
      JoinPairs(means);
      size *= 2;
      continue;
    }
    const double rest = std::min(moments.lag_one + chance, kLagMax);
    const double left = correlated ? (1 + rest) / (1 - rest) : 1;
    const double effect = size * moments.variance / std::max(sample.variance, 1e-12);
    // A sample variance of `count` means deviates by this.
    const double deviation = chance * std::sqrt(2 + std::max(sample.excess_kurtosis / size, 0.0));
    if (!correlated && effect < 1 + kBeyondChance * deviation) {
      return 1;
    }
    const auto count = static_cast<double>(means.size());
    return std::max(effect * left * (1 + kFewBatches / count + std::pow(kVeryFewBatches / count, 3)), 1.0);
  }
}

}  // namespace shadowd::analysis
