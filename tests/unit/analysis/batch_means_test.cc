#include "analysis/batch_means.h"

#include <catch2/catch.hpp>
#include <cmath>

#include "base/rng.h"

namespace shadowd::analysis {
namespace {

// Means of batches of an autoregressive stream whose samples have variance 1.
std::vector<double> Means(Rng& rng, size_t batches, int size, double correlation) {
  std::vector<double> means;
  double state = rng.Normal();
  for (size_t batch = 0; batch < batches; ++batch) {
    double sum = 0;
    for (int i = 0; i < size; ++i) {
      state = correlation * state + std::sqrt(1 - correlation * correlation) * rng.Normal();
      sum += state;
    }
    means.push_back(sum / size);
  }
  return means;
}

double MeanEffect(double correlation, size_t batches) {
  Rng rng(5);
  double sum = 0;
  constexpr int kTrials = 200;
  for (int trial = 0; trial < kTrials; ++trial) {
    sum += DesignEffect(Means(rng, batches, 25, correlation), 25, {1, 0}) / kTrials;
  }
  return sum;
}

TEST_CASE("Independent samples mostly count as they are") {
  CHECK(MeanEffect(0, 200) < 1.1);
  CHECK(MeanEffect(0, 100) < 1.3);
}

TEST_CASE("An autoregressive stream has about its known effect, and more while batches are few") {
  const double truth = 1.9 / 0.1;  // (1 + r) / (1 - r)
  CHECK(MeanEffect(0.9, 400) == Approx(truth).epsilon(0.2));
  CHECK(MeanEffect(0.9, 30) > MeanEffect(0.9, 400));
  CHECK(MeanEffect(0.5, 400) == Approx(3).epsilon(0.1));
}

TEST_CASE("A correlation as long as the data is not taken for none") {
  CHECK(MeanEffect(0.998, 16) > 40);
}

TEST_CASE("Too few batches show nothing, and constant ones no correlation") {
  CHECK(std::isinf(DesignEffect(std::vector<double>(kBatchesMin - 1, 0.5), 25, {0.25, 0})));
  CHECK(DesignEffect(std::vector<double>(50, 0.5), 25, {0.25, 0}) == 1);
}

}  // namespace
}  // namespace shadowd::analysis
