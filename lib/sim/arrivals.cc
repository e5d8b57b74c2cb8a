#include "sim/arrivals.h"

#include "base/check.h"

namespace shadowd::sim {

Arrivals::Arrivals(double rate_rps, MonoTime from, Rng rng, int stages)
    : rate_(rate_rps),
      stages_(stages),
      rng_(rng),
      at_seconds_(ToSeconds(from.time_since_epoch())),
      next_(from) {
  SHADOWD_CHECK(rate_rps > 0 && stages >= 1);
  Draw();
}

MonoTime Arrivals::Take() {
  const MonoTime taken = next_;
  Draw();
  return taken;
}

void Arrivals::Draw() {
  const double stages = stages_;
  const double gap = stages_ == 1 ? rng_.Exponential(1.0 / rate_) : rng_.Gamma(stages) / (stages * rate_);
  at_seconds_ += gap;
  next_ = MonoTime(FromSeconds(at_seconds_));
}

}  // namespace shadowd::sim
