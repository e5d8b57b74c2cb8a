#include "forecast/change.h"

#include <algorithm>
#include <bit>

namespace shadowd::forecast {
namespace {

constexpr double kDrift = 0.75;  // in sigmas; half the shift that matters
constexpr double kThreshold = 12;
constexpr double kClip = 5;
constexpr uint32_t kRecent = 0x1f;  // the last five steps
constexpr int kManyMisses = 4;
constexpr int kLasts = 24;  // steps
constexpr double kWidest = 0.5;

}  // namespace

void Change::Observe(double error, bool missed) {
  const double e = std::clamp(error, -kClip, kClip);
  up_ = std::max(0.0, up_ + e - kDrift);
  down_ = std::max(0.0, down_ - e - kDrift);
  misses_ = (misses_ << 1 | (missed ? 1U : 0U)) & kRecent;
  remaining_ = std::max(0, remaining_ - 1);
  if (up_ > kThreshold || down_ > kThreshold || std::popcount(misses_) >= kManyMisses) {
    up_ = down_ = 0;
    misses_ = 0;
    remaining_ = kLasts;
    ++noticed_;
    wants_fit_ = true;
  }
}

void Change::Settle() {
  wants_fit_ = false;
}

double Change::Widening() const {
  return 1 + kWidest * remaining_ / kLasts;
}

}  // namespace shadowd::forecast
