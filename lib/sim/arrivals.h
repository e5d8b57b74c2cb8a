// Arrival times of a request stream: Poisson when `stages` is 1, Erlang-n when every n-th request of a
// Poisson stream is kept, which is what a round-robin balancer leaves to each of n instances. Seeded,
// unbounded in time, owned by its user; value type.
#pragma once

#include "base/rng.h"
#include "base/time.h"

namespace shadowd::sim {

class Arrivals {
 public:
  Arrivals(double rate_rps, MonoTime from, Rng rng, int stages = 1);

  MonoTime Peek() const { return next_; }
  MonoTime Take();                                     // returns the next arrival and draws the one after
  void SetRate(double rate_rps) { rate_ = rate_rps; }  // > 0; from the next gap on

 private:
  void Draw();

  double rate_;
  int stages_;
  Rng rng_;
  double at_seconds_;  // exact, so that rounding to microseconds does not accumulate
  MonoTime next_;
};

}  // namespace shadowd::sim
