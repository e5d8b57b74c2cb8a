#include "analysis/ratio_record.h"

#include <algorithm>
#include <cmath>

#include "analysis/batch_means.h"
#include "analysis/confidence.h"

namespace shadowd::analysis {
namespace {

constexpr size_t kWindowsMin = 4;
constexpr double kWindowsOptimal = 20;

}  // namespace

void RatioRecord::Add(double amount, double exposure) {
  amount_ += amount;
  exposure_ += exposure;
  if (windows_ % joined_ == 0) {
    kept_.push_back({});
  }
  kept_.back().amount += amount;
  kept_.back().exposure += exposure;
  ++windows_;
  if (kept_.size() == kWindowsMax && windows_ % joined_ == 0) {
    for (size_t i = 0; i < kWindowsMax / 2; ++i) {
      kept_[i] = {kept_[2 * i].amount + kept_[2 * i + 1].amount,
                  kept_[2 * i].exposure + kept_[2 * i + 1].exposure};
    }
    kept_.resize(kWindowsMax / 2);
    joined_ *= 2;
  }
}

std::vector<double> RatioRecord::Residuals() const {
  std::vector<double> residuals;
  residuals.reserve(kept_.size());
  for (const Window& window : kept_) {
    residuals.push_back(window.amount - Ratio() * window.exposure);
  }
  return residuals;
}

std::optional<model::Interval> RatioRecord::MeanInterval(double alpha) const {
  if (kept_.size() < kWindowsMin) {
    return std::nullopt;
  }
  const std::vector<double> residuals = Residuals();
  const auto count = static_cast<double>(residuals.size());
  double squares = 0;
  for (const double residual : residuals) {
    squares += residual * residual;
  }
  const double variance = squares / (count - 1);
  const double effect = residuals.size() < kBatchesMin ? 1 : DesignEffect(residuals, 1, {variance, 0});
  const double half = MeanHalfWidth(count / effect, std::sqrt(variance), kWindowsOptimal, alpha);
  const double reach = half * count / exposure_;
  return model::Interval{Ratio(), std::max(Ratio() - reach, 0.0), Ratio() + reach};
}

double RatioRecord::EventDesignEffect() const {
  const double rate = Ratio();
  if (amount_ <= 0 || rate >= 1) {
    return 1;
  }
  double squares = 0;
  for (const Window& window : kept_) {
    squares += window.amount * window.amount;
  }
  const double burst = std::max(squares / amount_, 1.0);
  if (kept_.size() < kBatchesMin) {
    return burst;
  }
  const double variance = rate * (1 - rate) * exposure_ / static_cast<double>(kept_.size());
  return std::min(DesignEffect(Residuals(), 1, {variance, 1 / variance}), exposure_);
}

}  // namespace shadowd::analysis
