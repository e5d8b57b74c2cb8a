#include "forecast/blend.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "forecast/blocks.h"

namespace shadowd::forecast {
namespace {

constexpr int kEnoughOutcomes = 30;
constexpr double kErrorMemory = 1.0 / 256;  // weight of the newest outcome
constexpr double kOffsetMemory = 0.25;
constexpr double kSharpness = 4;

}  // namespace

Blend::Blend(int horizon) : horizon_(horizon), blocks_(BlockCount(horizon)) {}

void Blend::Mix(int64_t last_step, std::span<const double> coarse, std::vector<double>& path) {
  if (coarse.empty() || blocks_.empty()) {
    return;
  }
  for (size_t b = 0; b < blocks_.size(); ++b) {
    const int h = BlockProbe(b, horizon_);
    const auto i = static_cast<size_t>(h) - 1;
    blocks_[b].pending.push_back({last_step + h, {path[i], coarse[i], coarse[i] + offset_}});
  }
  Opinions weights{1, 0, 0};
  size_t block = std::numeric_limits<size_t>::max();
  for (size_t i = 0; i < path.size(); ++i) {
    if (const size_t b = BlockOf(static_cast<int>(i) + 1); b != block) {
      block = b;
      weights = WeightsOf(b);
    }
    path[i] = weights[0] * path[i] + weights[1] * coarse[i] + weights[2] * (coarse[i] + offset_);
  }
  coarse_step_ = last_step + 1;
  coarse_next_ = coarse[0];
}

void Blend::Observe(int64_t step, double truth) {
  for (Block& block : blocks_) {
    while (!block.pending.empty() && block.pending.front().step < step) {
      block.pending.pop_front();
    }
    if (block.pending.empty() || block.pending.front().step != step) {
      continue;
    }
    ++block.outcomes;
    const double rate = std::max(kErrorMemory, 1.0 / block.outcomes);
    for (size_t o = 0; o < kOpinions; ++o) {
      block.error[o] += rate * (std::abs(truth - block.pending.front().said[o]) - block.error[o]);
    }
    block.pending.pop_front();
  }
  if (coarse_step_ == step) {
    offset_ += kOffsetMemory * (truth - coarse_next_ - offset_);
  }
}

Blend::Opinions Blend::WeightsOf(size_t block) const {
  const Block& b = blocks_[block];
  const double least = *std::min_element(b.error.begin(), b.error.end());
  if (b.outcomes < kEnoughOutcomes || least <= 0) {
    return {1, 0, 0};
  }
  Opinions weights;
  double sum = 0;
  for (size_t o = 0; o < kOpinions; ++o) {
    weights[o] = std::pow(least / b.error[o], kSharpness);
    sum += weights[o];
  }
  for (double& weight : weights) {
    weight /= sum;
  }
  return weights;
}

}  // namespace shadowd::forecast
