#include "forecast/rolling.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace shadowd::forecast {
namespace {

constexpr size_t kMostOrigins = 32;
constexpr int kHorizons = 5;
constexpr size_t kFewest = 48;

// Follows the held-out part; the truth of all steps up to `past`'s end is known.
class Follower {
 public:
  Follower(const Rolling& rolling, Combination single, double sigma)
      : rolling_(rolling), single_(std::move(single)), sigma_(sigma) {
    past_.reserve(rolling.z.size() + static_cast<size_t>(rolling.horizon));
    past_.assign(rolling.z.begin(), rolling.z.begin() + static_cast<std::ptrdiff_t>(rolling.train));
  }

  double Next() {
    double next = 0;
    single_.MemberPath(0, past_, rolling_.LabelOf(past_.size() - 1), 1, std::span(&next, 1));
    return next;
  }
  void Learn() {
    past_.push_back(rolling_.z[past_.size()]);
    if (sigma_ > 0) {
      single_.Update(past_, rolling_.LabelOf(past_.size() - 1), sigma_);
    }
  }
  std::vector<double> Path() {
    const size_t left = rolling_.z.size() - past_.size();
    std::vector<double> path(std::min(left, static_cast<size_t>(rolling_.horizon)));
    single_.MemberPath(0, past_, rolling_.LabelOf(past_.size() - 1), static_cast<int>(path.size()), path);
    return path;
  }
  size_t known() const { return past_.size(); }

 private:
  const Rolling& rolling_;
  Combination single_;
  double sigma_;
  std::vector<double> past_;
};

double SumOfErrors(const Rolling& rolling, size_t origin, const std::vector<double>& path) {
  double sum = 0;
  for (size_t h = 0; h < path.size(); ++h) {
    sum += std::abs(rolling.z[origin + 1 + h] - path[h]);
  }
  return sum;
}

}  // namespace

Rolling PlaceOrigins(std::vector<double> z, int64_t first_step, int horizon, int longest_season) {
  Rolling rolling{.z = std::move(z), .first_step = first_step, .horizon = horizon, .origins = {}};
  const size_t n = rolling.z.size();
  const size_t wanted =
      std::max({static_cast<size_t>(kHorizons * horizon), static_cast<size_t>(longest_season), kFewest});
  rolling.train = n - std::clamp<size_t>(wanted, 4, n / 3);
  const size_t stride = std::max<size_t>(1, (n - rolling.train) / kMostOrigins);
  for (size_t origin = rolling.train - 1; origin + 1 < n; origin += stride) {
    rolling.origins.push_back(origin);
  }
  return rolling;
}

Paths Roll(const Rolling& rolling, Combination single, double sigma) {
  Paths paths;
  Follower follower(rolling, std::move(single), sigma);
  double sum = 0, count = 0;
  size_t number = 0;
  for (size_t t = rolling.train; t < rolling.z.size(); ++t) {
    if (number < rolling.origins.size() && rolling.origins[number] + 1 == t) {
      paths.from.push_back(follower.Path());
      sum += SumOfErrors(rolling, rolling.origins[number], paths.from.back());
      count += static_cast<double>(paths.from.back().size());
      ++number;
    }
    paths.next.push_back(follower.Next());
    follower.Learn();
  }
  paths.error = sum / std::max(1.0, count);
  return paths;
}

std::vector<double> ErrorsOf(const Rolling& rolling, Combination single, double sigma, size_t every) {
  Follower follower(rolling, std::move(single), sigma);
  std::vector<double> errors;
  for (size_t number = 0; number < rolling.origins.size(); number += every) {
    while (follower.known() <= rolling.origins[number]) {
      follower.Learn();
    }
    const std::vector<double> path = follower.Path();
    errors.push_back(SumOfErrors(rolling, rolling.origins[number], path) / static_cast<double>(path.size()));
  }
  return errors;
}

double ErrorOf(const Rolling& rolling, Combination single, double sigma, size_t every) {
  const std::vector<double> errors = ErrorsOf(rolling, std::move(single), sigma, every);
  const double sum = std::accumulate(errors.begin(), errors.end(), 0.0);
  return sum / std::max(1.0, static_cast<double>(errors.size()));
}

void WidenToTraining(const Rolling& rolling, Combination& combination) {
  const auto end = rolling.z.begin() + static_cast<std::ptrdiff_t>(rolling.train);
  const auto [low, high] = std::minmax_element(rolling.z.begin(), end);
  combination.Widen(*low);
  combination.Widen(*high);
}

}  // namespace shadowd::forecast
