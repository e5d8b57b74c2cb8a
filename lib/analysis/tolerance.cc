#include "analysis/tolerance.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace shadowd::analysis {
namespace {

constexpr size_t kFeatures = 5;
constexpr double kGain = 0.2;          // of the offset
constexpr double kFeatureGain = 0.02;  // of the weights
constexpr size_t kErrorsKept = 200;

// Each within -1..1, so that no feature runs away with the threshold.
std::array<double, kFeatures> FeaturesOf(const Circumstances& c) {
  const double angle = 2 * std::numbers::pi * c.hour / 24;
  return {std::clamp(std::log(std::max(c.traffic, 1e-3)), -1.0, 1.0), std::clamp(c.dispersion, 0.0, 1.0),
          std::sin(angle), std::cos(angle), std::clamp(2 * c.mirrored - 1, -1.0, 1.0)};
}

double OffsetOf(const model::ToleranceTracker& tracker, const ToleranceBounds& bounds) {
  return tracker.outcomes > 0 ? tracker.offset : std::log(std::clamp(bounds.initial, bounds.min, bounds.max));
}

double LogTolerance(const model::ToleranceTracker& tracker, const std::array<double, kFeatures>& features,
                    const ToleranceBounds& bounds) {
  double log_tolerance = OffsetOf(tracker, bounds);
  for (size_t i = 0; i < kFeatures && i < tracker.weights.size(); ++i) {
    log_tolerance += tracker.weights[i] * features[i];
  }
  return log_tolerance;
}

}  // namespace

double HourOfDay(WallTime at) {
  return ToSeconds(std::chrono::duration_cast<Micros>(at.time_since_epoch() % std::chrono::hours(24))) / 3600;
}

double ToleranceAt(const model::ToleranceTracker& tracker, const Circumstances& circumstances,
                   const ToleranceBounds& bounds) {
  return std::clamp(std::exp(LogTolerance(tracker, FeaturesOf(circumstances), bounds)), bounds.min,
                    bounds.max);
}

void Learn(double relative_error, const Circumstances& circumstances, const ToleranceBounds& bounds,
           model::ToleranceTracker& tracker) {
  if (!std::isfinite(relative_error)) {
    return;
  }
  const double error = std::abs(relative_error);
  const bool miss = error > ToleranceAt(tracker, circumstances, bounds);
  const std::array<double, kFeatures> features = FeaturesOf(circumstances);
  const double log_tolerance = LogTolerance(tracker, features, bounds);
  // Beyond the bounds there is nothing to track: it would only take longer to come back.
  const bool beyond = miss ? log_tolerance >= std::log(bounds.max) : log_tolerance <= std::log(bounds.min);
  const double push = beyond ? 0 : (miss ? 1.0 : 0.0) - (1 - kToleranceCoverage);
  tracker.offset = OffsetOf(tracker, bounds) + kGain * push;
  tracker.weights.resize(kFeatures, 0.0);
  for (size_t i = 0; i < kFeatures; ++i) {
    tracker.weights[i] += kFeatureGain * push * features[i];
  }
  ++tracker.outcomes;
  tracker.misses += miss ? 1 : 0;
  tracker.errors.push_back(error);
  if (tracker.errors.size() > kErrorsKept) {
    tracker.errors.erase(tracker.errors.begin());
  }
}

}  // namespace shadowd::analysis
