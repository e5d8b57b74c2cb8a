#include "forecast/member_weights.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "forecast/blocks.h"

namespace shadowd::forecast {
namespace {

constexpr double kHopeless = 2.0;       // times the best member's error: left out
constexpr double kErrorMemory = 0.015;  // weight of the newest error
constexpr double kErrorSoon = 0.06;     // and after a change

}  // namespace

MemberWeights::MemberWeights(std::vector<double> fixed) : weights_{std::move(fixed)} {
  FindThoseThatCount();
}

MemberWeights::MemberWeights(int horizon, std::vector<std::vector<double>> errors)
    : horizon_(horizon), errors_(std::move(errors)), probes_(errors_.size()) {
  for (size_t b = 0; b < errors_.size(); ++b) {
    weights_.push_back(Weigh(errors_[b]));
    const auto ahead = static_cast<size_t>(BlockProbe(b, horizon));
    probes_[b].steps.assign(ahead, std::numeric_limits<int64_t>::min());
    probes_[b].said.assign(ahead * errors_[b].size(), 0.0F);
  }
  FindThoseThatCount();
}

void MemberWeights::FindThoseThatCount() {
  counts_.clear();
  for (size_t m = 0; m < members(); ++m) {
    counts_.push_back(
        std::any_of(weights_.begin(), weights_.end(), [&](const auto& block) { return block[m] > 0; }));
  }
}

void MemberWeights::Add(size_t member, int64_t last_step, std::span<const double> path,
                        std::vector<double>& sum) {
  if (horizon_ == 0) {
    for (size_t i = 0; i < path.size(); ++i) {
      sum[i] += weights_[0][member] * path[i];
    }
    return;
  }
  size_t i = 0;
  double from = weights_[0][member];
  int before = 0;
  for (size_t b = 0; b < probes_.size(); ++b) {
    const int probe = BlockProbe(b, horizon_);
    const double to = weights_[b][member];
    for (; i < path.size() && static_cast<int>(i) < probe; ++i) {
      const double share = static_cast<double>(static_cast<int>(i) + 1 - before) / (probe - before);
      sum[i] += (from + share * (to - from)) * path[i];
    }
    from = to;
    before = probe;
    if (static_cast<size_t>(probe) <= path.size()) {
      const size_t slot = SlotOf(last_step + probe, probes_[b].steps.size());
      probes_[b].steps[slot] = last_step + probe;
      probes_[b].said[slot * members() + member] = static_cast<float>(path[static_cast<size_t>(probe) - 1]);
    }
  }
  for (; i < path.size(); ++i) {
    sum[i] += from * path[i];
  }
}

void MemberWeights::Observe(int64_t step, double truth, Memory memory) {
  const double newest = memory == Memory::kShort ? kErrorSoon : kErrorMemory;
  for (size_t b = 0; b < probes_.size(); ++b) {
    const size_t slot = SlotOf(step, probes_[b].steps.size());
    if (probes_[b].steps[slot] != step) {
      continue;
    }
    for (size_t m = 0; m < members(); ++m) {
      if (!counts_[m]) {
        continue;  // it was not asked; it is again once the others err as much
      }
      const double error = std::abs(truth - static_cast<double>(probes_[b].said[slot * members() + m]));
      errors_[b][m] += newest * (error - errors_[b][m]);
    }
    weights_[b] = Weigh(errors_[b]);
  }
  FindThoseThatCount();
}

std::vector<double> Weigh(const std::vector<double>& errors) {
  const double best = *std::min_element(errors.begin(), errors.end());
  std::vector<double> weights;
  for (const double error : errors) {
    const double ratio = best > 0 ? best / error : (error > 0 ? 0.0 : 1.0);
    weights.push_back(ratio * kHopeless < 1 ? 0 : ratio * ratio * ratio * ratio);
  }
  const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
  for (double& w : weights) {
    w /= sum;
  }
  return weights;
}

}  // namespace shadowd::forecast
