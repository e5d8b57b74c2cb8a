#include "bench/rank_judge.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace shadowd::bench {
namespace {

constexpr double kTolerance = 0.25;

double TieSum(std::span<const double> a, std::span<const double> b) {
  std::vector<double> all(a.begin(), a.end());
  all.insert(all.end(), b.begin(), b.end());
  std::sort(all.begin(), all.end());
  double sum = 0;
  for (size_t begin = 0; begin < all.size();) {
    size_t end = begin;
    while (end < all.size() && all[end] == all[begin]) {
      ++end;
    }
    const auto t = static_cast<double>(end - begin);
    sum += t * t * t - t;
    begin = end;
  }
  return sum;
}

double OrderStatistic(std::vector<double>& values, double rank) {
  const double last = static_cast<double>(values.size()) - 1;
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(std::clamp(rank, 0.0, last));
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

}  // namespace

RankTest MannWhitney(std::span<const double> experiment, std::span<const double> control,
                     double confidence_z) {
  RankTest test;
  const auto m = static_cast<double>(experiment.size()), n = static_cast<double>(control.size());
  std::vector<double> differences;
  differences.reserve(experiment.size() * control.size());
  for (const double x : experiment) {
    for (const double y : control) {
      test.u += x > y ? 1 : (x == y ? 0.5 : 0);
      differences.push_back(x - y);
    }
  }
  const double all = m + n;
  test.sigma = std::sqrt(m * n / 12 * ((all + 1) - TieSum(experiment, control) / (all * (all - 1))));
  const double distance = test.u - m * n / 2;
  const double sign = distance > 0 ? 1 : (distance < 0 ? -1 : 0);
  test.z = test.sigma > 0 ? (distance - 0.5 * sign) / test.sigma : 0;
  const double pairs = m * n, reach = confidence_z * test.sigma;
  test.low = OrderStatistic(differences, std::floor(pairs / 2 - reach));
  test.high = OrderStatistic(differences, std::ceil(pairs / 2 + reach) - 1);
  test.shift = OrderStatistic(differences, std::floor(pairs / 2));
  if (std::fmod(pairs, 2) == 0) {
    test.shift = (test.shift + OrderStatistic(differences, pairs / 2 - 1)) / 2;
  }
  return test;
}

RankVerdict JudgeByRanks(const RankTest& test) {
  const double tolerated = kTolerance * std::abs(test.shift);
  if (test.low > tolerated) {
    return RankVerdict::kHigh;
  }
  return test.high < -tolerated ? RankVerdict::kLow : RankVerdict::kPass;
}

}  // namespace shadowd::bench
