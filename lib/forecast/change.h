// Notices that demand no longer behaves as the models say: a two-sided CUSUM on standardised one-step errors
// (Page 1954), or most of the last few steps outside their limits. While it lasts, limits are wider and the
// forecast is DEGRADED. Value type.
#pragma once

#include <cstdint>

namespace shadowd::forecast {

class Change {
 public:
  void Observe(double standardised_error, bool missed);
  void Settle();  // models were fitted anew

  bool active() const { return remaining_ > 0; }
  int noticed() const { return noticed_; }  // changes so far
  bool wants_fit() const { return wants_fit_; }
  double Widening() const;  // factor on k, 1 when nothing happened

 private:
  double up_ = 0;
  double down_ = 0;
  uint32_t misses_ = 0;  // newest in the lowest bit
  int remaining_ = 0;
  int noticed_ = 0;
  bool wants_fit_ = false;
};

}  // namespace shadowd::forecast
