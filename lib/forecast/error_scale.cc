#include "forecast/error_scale.h"

#include <algorithm>
#include <cmath>

namespace shadowd::forecast {
namespace {

constexpr double kSoon = 0.02;  // weight of the newest error
constexpr double kLate = 0.002;
constexpr double kClip = 3;  // an outlier counts as this many sigmas
constexpr int kPhases = 24;
constexpr int kShortestSeason = 4;
constexpr double kNeighbour = 0.5;   // weight of the phases beside one
constexpr double kPrior = 4;         // errors of the usual size that every phase is given
constexpr double kRidge = 0.02;      // of the slope over the levels, a step
constexpr double kSmallError = 0.1;  // sigmas added to an error before its logarithm is taken

void Follow(double& sigma, double rate, double error, double floor) {
  const double counted = std::min(std::abs(error), kClip * std::max(sigma, 1e-12));
  sigma = std::max(floor, std::sqrt((1 - rate) * sigma * sigma + rate * counted * counted));
}

int64_t PhaseOf(int64_t step, int season) {
  return (step % season + season) % season;
}

}  // namespace

ErrorScale::ErrorScale(std::span<const double> errors, std::span<const double> expected, int64_t first_step,
                       int season) {
  const double sigma = RobustSigma(errors);
  soon_ = late_ = {sigma, sigma};
  by_level_ = sigma;
  if (sigma > 0) {
    FitPhases(errors, first_step, season, sigma);
    FitLevels(errors, expected, sigma);
  }
  for (size_t i = 0; i < errors.size(); ++i) {
    Observe(first_step + static_cast<int64_t>(i), expected[i], errors[i]);
  }
}

void ErrorScale::FitPhases(std::span<const double> errors, int64_t first_step, int season, double sigma) {
  if (season < kShortestSeason) {
    return;
  }
  season_ = season;
  const int count = std::min(kPhases, season);
  const auto phases = static_cast<size_t>(count);
  std::vector<double> squares(phases, 0.0), counts(phases, 0.0);
  double all = 0;
  for (size_t i = 0; i < errors.size(); ++i) {
    const auto phase =
        static_cast<size_t>(PhaseOf(first_step + static_cast<int64_t>(i), season) * count / season);
    const double counted = std::min(std::abs(errors[i]) / sigma, kClip);
    squares[phase] += counted * counted;
    ++counts[phase];
    all += counted * counted / static_cast<double>(errors.size());
  }
  phases_.resize(phases);
  for (size_t p = 0; p < phases; ++p) {
    const size_t before = (p + phases - 1) % phases, after = (p + 1) % phases;
    const double square = squares[p] + kNeighbour * (squares[before] + squares[after]);
    const double number = counts[p] + kNeighbour * (counts[before] + counts[after]);
    phases_[p] = static_cast<float>(std::sqrt((square / all + kPrior) / (number + kPrior)));
  }
}

// log |error| = a + power * log level, by least squares.
void ErrorScale::FitLevels(std::span<const double> errors, std::span<const double> expected, double sigma) {
  const auto n = static_cast<double>(errors.size());
  std::vector<double> levels(expected.begin(), expected.end());
  for (double& level : levels) {
    level = std::abs(level);
  }
  std::sort(levels.begin(), levels.end());
  least_level_ = 0.1 * levels[levels.size() / 2] + 0.05 * levels[levels.size() * 95 / 100] + 1e-9;
  const auto size = [&](size_t i) { return std::log(kSmallError * sigma + std::abs(errors[i])); };
  const auto level = [&](size_t i) { return std::log(least_level_ + std::abs(expected[i])); };
  double mean_size = 0;
  usual_level_ = 0;
  for (size_t i = 0; i < errors.size(); ++i) {
    mean_size += size(i) / n;
    usual_level_ += level(i) / n;
  }
  double square = kRidge * n, product = 0;
  for (size_t i = 0; i < errors.size(); ++i) {
    const double x = level(i) - usual_level_;
    square += x * x;
    product += x * (size(i) - mean_size);
  }
  power_ = std::clamp(product / square, 0.0, 1.0);
}

// Between the middles of phases in a straight line.
double ErrorScale::OfPhase(int64_t step) const {
  if (phases_.empty()) {
    return 1;
  }
  const auto count = static_cast<double>(phases_.size());
  const double at = static_cast<double>(PhaseOf(step, season_)) * count / season_ + count - 0.5;
  const auto before = static_cast<size_t>(at);
  const double share = at - static_cast<double>(before);
  const double low = static_cast<double>(phases_[before % phases_.size()]);
  const double high = static_cast<double>(phases_[(before + 1) % phases_.size()]);
  return low + share * (high - low);
}

double ErrorScale::OfLevel(double expected) const {
  return power_ <= 0 ? 1 : std::exp(power_ * (std::log(least_level_ + std::abs(expected)) - usual_level_));
}

void ErrorScale::Observe(int64_t step, double expected, double error) {
  // A floor relative to the level lets a constant series wake up again. The truth is no level: an absurd one
  // would set sigma itself.
  const double floor = 1e-6 * (1e-3 + std::abs(expected));
  const double of_phase = error / OfPhase(step);
  Follow(soon_.plain, kSoon, error, floor);
  Follow(soon_.by_phase, kSoon, of_phase, floor);
  Follow(late_.plain, kLate, error, floor);
  Follow(late_.by_phase, kLate, of_phase, floor);
  Follow(by_level_, kSoon, error / OfLevel(expected), floor);
}

ErrorScales ErrorScale::At(int64_t step, double expected) const {
  const double phase = OfPhase(step);
  return {static_cast<float>(soon_.plain), static_cast<float>(late_.plain),
          static_cast<float>(soon_.by_phase * phase), static_cast<float>(late_.by_phase * phase),
          static_cast<float>(by_level_ * OfLevel(expected))};
}

std::vector<double> ErrorScale::Numbers() const {
  std::vector<double> numbers{soon_.plain, soon_.by_phase, late_.plain,  late_.by_phase,
                              by_level_,   power_,         least_level_, usual_level_};
  numbers.push_back(season_);
  numbers.insert(numbers.end(), phases_.begin(), phases_.end());
  return numbers;
}

double RobustSigma(std::span<const double> errors) {
  std::vector<double> sizes(errors.begin(), errors.end());
  for (double& size : sizes) {
    size = std::abs(size);
  }
  const auto middle = sizes.begin() + static_cast<std::ptrdiff_t>(sizes.size() / 2);
  std::nth_element(sizes.begin(), middle, sizes.end());
  const double most = 6 * *middle;
  double sum = 0;
  for (const double size : sizes) {
    const double counted = most > 0 ? std::min(size, most) : size;
    sum += counted * counted / static_cast<double>(sizes.size());
  }
  return std::sqrt(sum);
}

}  // namespace shadowd::forecast
