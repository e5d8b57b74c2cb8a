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

void Change::Sum::Add(int64_t step, double error) {
  began = value > 0 ? began : step;
  value = std::max(0.0, value + error - kDrift);
}

void Change::Observe(int64_t step, double error, bool missed) {
  const double e = std::clamp(error, -kClip, kClip);
  up_.Add(step, e);
  down_.Add(step, -e);
  misses_ = (misses_ << 1 | (missed ? 1U : 0U)) & kRecent;
  remaining_ = std::max(0, remaining_ - 1);
  if (up_.value > kThreshold) {
    Notice(up_.began);
  } else if (down_.value > kThreshold) {
    Notice(down_.began);
  } else if (std::popcount(misses_) >= kManyMisses) {
    Notice(step - std::bit_width(misses_) + 1);
  }
}

// What is noticed while a change lasts is still the same one.
void Change::Notice(int64_t began) {
  began_ = active() && began_ ? began_ : began;
  up_ = down_ = {};
  misses_ = 0;
  remaining_ = kLasts;
  ++noticed_;
  wants_fit_ = true;
}

void Change::Settle() {
  wants_fit_ = false;
}

double Change::Widening() const {
  return 1 + kWidest * remaining_ / kLasts;
}

}  // namespace shadowd::forecast
