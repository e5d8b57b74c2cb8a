#include "forecast/limits.h"

#include <algorithm>
#include <cmath>

namespace shadowd::forecast {
namespace {

constexpr double kSigmaMemory = 0.02;  // weight of the newest error
constexpr double kSigmaClip = 3;       // an outlier counts as this many sigmas
constexpr double kEta = 0.1;           // of the coefficient
constexpr double kLargest = 50;
constexpr double kLearnt = 0.75;  // share of what was learnt online, when a fit comes

void Track(double& k, bool missed, double miss_wanted, size_t block) {
  // Far blocks see overlapping, correlated outcomes, so each teaches less.
  const double eta = kEta * std::max(1.0, k) / std::sqrt(static_cast<double>(block) + 1);
  k = std::clamp(k + eta * ((missed ? 1.0 : 0.0) - miss_wanted), 0.0, kLargest);
}

}  // namespace

Limits::Limits(int horizon, double coverage, double sigma, std::vector<BlockLimits> start)
    : horizon_(horizon),
      miss_((1 - coverage) / 2),
      sigma_(sigma),
      k_(std::move(start)),
      pending_(BlockCount(horizon)) {
  k_.resize(pending_.size());
}

void Limits::Adopt(double sigma, const std::vector<BlockLimits>& fitted) {
  sigma_ = sigma;
  for (size_t b = 0; b < k_.size() && b < fitted.size(); ++b) {
    k_[b].k_upper = kLearnt * k_[b].k_upper + (1 - kLearnt) * fitted[b].k_upper;
    k_[b].k_lower = kLearnt * k_[b].k_lower + (1 - kLearnt) * fitted[b].k_lower;
  }
}

void Limits::Remember(int64_t last_step, std::span<const double> path) {
  for (size_t b = 0; b < pending_.size(); ++b) {
    const int h = BlockProbe(b, horizon_);
    pending_[b].push_back({last_step + h, path[static_cast<size_t>(h) - 1], sigma_});
  }
}

void Limits::Skip(int64_t step) {
  for (std::deque<Pending>& queue : pending_) {
    while (!queue.empty() && queue.front().step <= step) {
      queue.pop_front();
    }
  }
}

Limits::Outcome Limits::Observe(int64_t step, double expected, double truth) {
  Outcome outcome;
  const double scale = std::max(sigma_, 1e-12);
  const double error = truth - expected;
  outcome.error = error / scale;
  outcome.held = k_.empty() || (error <= k_[0].k_upper * sigma_ && -error <= k_[0].k_lower * sigma_);
  for (size_t b = 0; b < pending_.size(); ++b) {
    std::deque<Pending>& queue = pending_[b];
    while (!queue.empty() && queue.front().step < step) {
      queue.pop_front();
    }
    if (queue.empty() || queue.front().step != step) {
      continue;
    }
    const Pending& p = queue.front();
    Track(k_[b].k_upper, truth - p.expected > k_[b].k_upper * p.sigma, miss_, b);
    Track(k_[b].k_lower, p.expected - truth > k_[b].k_lower * p.sigma, miss_, b);
    queue.pop_front();
  }
  const double counted = std::clamp(std::abs(error), 0.0, kSigmaClip * scale);
  // A floor relative to the level lets a constant series wake up again. The truth is no level: an absurd one
  // would set sigma itself.
  const double floor = 1e-6 * (1e-3 + std::abs(expected));
  sigma_ =
      std::max(floor, std::sqrt((1 - kSigmaMemory) * sigma_ * sigma_ + kSigmaMemory * counted * counted));
  return outcome;
}

void Limits::Margins(double widening, std::vector<double>& up, std::vector<double>& down) const {
  up.resize(static_cast<size_t>(horizon_));
  down.resize(up.size());
  double k_up = 0;
  double k_down = 0;
  for (int h = 1; h <= horizon_; ++h) {
    const BlockLimits& k = k_[BlockOf(h)];
    k_up = std::max(k_up, k.k_upper);
    k_down = std::max(k_down, k.k_lower);
    up[static_cast<size_t>(h) - 1] = k_up * sigma_ * widening;
    down[static_cast<size_t>(h) - 1] = k_down * sigma_ * widening;
  }
}

}  // namespace shadowd::forecast
