#include "forecast/limits.h"

#include <algorithm>
#include <cmath>

namespace shadowd::forecast {
namespace {

constexpr double kEta = 0.1;  // of a coefficient
// Windows that overlap share their peak, and its first miss widens what the others are judged by: so many of
// the misses of what was told are seen.
constexpr double kPeakMissesSeen = 0.85;

// Far blocks see overlapping, correlated outcomes, so each teaches less.
double EtaOf(size_t block) {
  return kEta / std::sqrt(static_cast<double>(block) + 1);
}

}  // namespace

Limits::Limits(int horizon, double coverage, LimitsStart start)
    : horizon_(horizon),
      miss_((1 - coverage) / 2),
      scale_(std::move(start.scale)),
      blocks_(std::move(start.blocks)),
      peak_(start.peak),
      pending_(BlockCount(horizon)),
      peaks_(static_cast<size_t>(horizon)) {
  blocks_.resize(pending_.size());
  for (size_t b = 0; b < pending_.size(); ++b) {
    pending_[b].resize(static_cast<size_t>(BlockProbe(b, horizon)));
  }
  shares_.assign(static_cast<size_t>(horizon), 1.0F);
  for (size_t b = 1; b < pending_.size(); ++b) {
    const auto from = static_cast<double>(pending_[b - 1].size()),
               to = static_cast<double>(pending_[b].size());
    for (size_t h = pending_[b - 1].size() + 1; h < pending_[b].size(); ++h) {
      shares_[h - 1] = static_cast<float>(std::log(static_cast<double>(h) / from) / std::log(to / from));
    }
  }
}

void Limits::Adopt(const LimitsStart& fitted) {
  for (size_t b = 0; b < blocks_.size() && b < fitted.blocks.size(); ++b) {
    blocks_[b].upper.Adopt(fitted.blocks[b].upper);
    blocks_[b].lower.Adopt(fitted.blocks[b].lower);
  }
  peak_.Adopt(fitted.peak);
}

void Limits::Remember(int64_t last_step, std::span<const double> path) {
  for (std::vector<Pending>& ring : pending_) {
    const auto step = last_step + static_cast<int64_t>(ring.size());
    const double expected = path[ring.size() - 1];
    ring[SlotOf(step, ring.size())] = {step, static_cast<float>(expected), scale_.At(step, expected)};
  }
  const auto most = std::max_element(path.begin(), path.begin() + horizon_);
  const int64_t end = last_step + horizon_;
  peaks_[SlotOf(end, peaks_.size())] = {
      {end, static_cast<float>(*most), scale_.At(last_step + 1 + (most - path.begin()), *most)},
      -std::numeric_limits<float>::infinity()};
}

Limits::Outcome Limits::Observe(int64_t step, double expected, double truth) {
  Outcome outcome;
  const double error = truth - expected;
  outcome.error = error / std::max(scale_.sigma(), 1e-12);
  if (!blocks_.empty()) {
    const ErrorScales scales = scale_.At(step, expected);
    outcome.held = error <= blocks_[0].upper.Of(scales) && -error <= blocks_[0].lower.Of(scales);
  }
  for (size_t b = 0; b < pending_.size(); ++b) {
    const Pending& p = pending_[b][SlotOf(step, pending_[b].size())];
    if (p.step == step) {
      const double missed_by = truth - static_cast<double>(p.expected);
      blocks_[b].upper.Observe({missed_by, p.scales}, miss_, EtaOf(b));
      blocks_[b].lower.Observe({-missed_by, p.scales}, miss_, EtaOf(b));
    }
  }
  LearnPeaks(step, truth);
  scale_.Observe(step, expected, error);
  return outcome;
}

void Limits::LearnPeaks(int64_t step, double truth) {
  for (PendingPeak& p : peaks_) {
    if (p.said.step < step || p.said.step >= step + horizon_) {
      continue;
    }
    p.highest = std::max(p.highest, static_cast<float>(truth));
    if (p.said.step == step) {
      const double error = static_cast<double>(p.highest) - static_cast<double>(p.said.expected);
      peak_.Observe({error, p.said.scales}, kPeakMissesSeen * 2 * miss_, EtaOf(pending_.size()));
    }
  }
}

void Limits::Margins(int64_t last_step, std::span<const double> path, double widening,
                     std::vector<double>& up, std::vector<double>& down) const {
  up.resize(static_cast<size_t>(horizon_));
  down.resize(up.size());
  using Weighted = std::array<double, kErrorScales>;
  Weighted upper_before = blocks_[0].upper.Weighted(), lower_before = blocks_[0].lower.Weighted();
  size_t i = 0;
  for (size_t b = 0; b < blocks_.size(); ++b) {
    const Weighted upper = blocks_[b].upper.Weighted(), lower = blocks_[b].lower.Weighted();
    const size_t end = b + 1 < blocks_.size() ? pending_[b].size() : up.size();
    for (; i < end; ++i) {
      const auto share = static_cast<double>(shares_[i]);
      const ErrorScales scales = scale_.At(last_step + 1 + static_cast<int64_t>(i), path[i]);
      up[i] = widening * ((1 - share) * Product(upper_before, scales) + share * Product(upper, scales));
      down[i] = widening * ((1 - share) * Product(lower_before, scales) + share * Product(lower, scales));
    }
    upper_before = upper;
    lower_before = lower;
  }
  LiftToPeak(last_step, path, widening, up);
}

void Limits::LiftToPeak(int64_t last_step, std::span<const double> path, double widening,
                        std::vector<double>& up) const {
  const auto most = std::max_element(path.begin(), path.begin() + horizon_);
  const double limit = *most + widening * peak_.Of(scale_.At(last_step + 1 + (most - path.begin()), *most));
  size_t top = 0;
  for (size_t i = 1; i < up.size(); ++i) {
    top = path[i] + up[i] > path[top] + up[top] ? i : top;
  }
  up[top] = std::max(up[top], limit - path[top]);
}

}  // namespace shadowd::forecast
