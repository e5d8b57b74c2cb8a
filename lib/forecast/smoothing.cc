#include "forecast/smoothing.h"

#include <algorithm>

namespace shadowd::forecast {
namespace {

constexpr double kShrink = 1;       // cycles
constexpr size_t kFirst = 8;        // steps that start the level without a season
constexpr double kLevelSoon = 0.1;  // the least gain of the level after a change

// Means by phase of what is left of each cycle once its own mean is taken away: a level that moves from cycle
// to cycle is no season. Cycles are counted back from the end, each counting `keep` of the next newer one.
// `shrink` cycles of nothing are added: one cycle alone says little of a season.
std::vector<float> MeanCycle(const std::vector<double>& z, size_t first_phase, size_t length, double keep,
                             double shrink) {
  std::vector<double> sums(length, 0.0);
  double weight = 1, weights = shrink;
  for (size_t end = z.size(); end >= length; end -= length) {
    double mean = 0;
    for (size_t i = end - length; i < end; ++i) {
      mean += z[i] / static_cast<double>(length);
    }
    size_t phase = (first_phase + end - length) % length;
    for (size_t i = end - length; i < end; ++i) {
      sums[phase] += weight * (z[i] - mean);
      phase = phase + 1 == length ? 0 : phase + 1;
    }
    weights += weight;
    weight *= keep;
  }
  std::vector<float> offsets(length);
  for (size_t i = 0; i < length && weights > 0; ++i) {
    offsets[i] = static_cast<float>(sums[i] / weights);
  }
  return offsets;
}

size_t PhaseOf(int64_t step, size_t length) {
  const auto cycle = static_cast<int64_t>(length);
  return static_cast<size_t>((step % cycle + cycle) % cycle);
}

}  // namespace

Smoothing::Smoothing(std::span<const double> z, int64_t first_step, std::span<const int> seasons,
                     SmoothingGains gains)
    : gains_(gains) {
  std::vector<double> left(z.begin(), z.end());
  for (const int season : seasons) {
    const auto length = static_cast<size_t>(season);
    size_t phase = PhaseOf(first_step, length);
    seasons_.push_back(MeanCycle(left, phase, length, 1 - gains.season, seasons_.empty() ? 0 : kShrink));
    for (double& v : left) {
      v -= static_cast<double>(seasons_.back()[phase]);
      phase = phase + 1 == length ? 0 : phase + 1;
    }
  }
  const size_t first = std::min(left.size(), seasons_.empty() ? kFirst : seasons_[0].size());
  for (size_t i = 0; i < first; ++i) {
    level_ += left[i] / static_cast<double>(first);
  }
  for (const double v : left) {
    const double error = v - level_ - gains_.fade * left_;
    left_ = v - level_;
    level_ += gains_.level * error;
  }
}

double Smoothing::Seasonal(int64_t step) const {
  double sum = 0;
  for (const std::vector<float>& offsets : seasons_) {
    sum += static_cast<double>(offsets[PhaseOf(step, offsets.size())]);
  }
  return sum;
}

void Smoothing::Path(int64_t last_step, std::span<double> path) const {
  double left = left_;
  for (size_t h = 0; h < path.size(); ++h) {
    left *= gains_.fade;
    path[h] = level_ + Seasonal(last_step + static_cast<int64_t>(h) + 1) + left;
  }
}

void Smoothing::Update(int64_t step, double truth, Memory memory) {
  const double said = level_ + Seasonal(step);
  const double error = truth - said - gains_.fade * left_;
  left_ = truth - said;
  level_ += (memory == Memory::kShort ? std::max(gains_.level, kLevelSoon) : gains_.level) * error;
  const double share = gains_.season / static_cast<double>(std::max<size_t>(1, seasons_.size()));
  for (std::vector<float>& offsets : seasons_) {
    offsets[PhaseOf(step, offsets.size())] += static_cast<float>(share * error);
  }
}

}  // namespace shadowd::forecast
