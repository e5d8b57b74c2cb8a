// Notices that demand no longer behaves as the models say: a two-sided CUSUM on standardised one-step errors
// (Page 1954), or most of the last few steps outside their limits. While it lasts, limits are wider, what
// learns on the way forgets soon, and the forecast is DEGRADED. Value type.
#pragma once

#include <cstdint>
#include <optional>

namespace shadowd::forecast {

class Change {
 public:
  void Observe(int64_t step, double standardised_error, bool missed);
  void Settle();  // models were fitted anew

  // The step with which the behaviour began that was noticed last: where its sum of errors left zero.
  std::optional<int64_t> began() const { return began_; }
  bool active() const { return remaining_ > 0; }
  int noticed() const { return noticed_; }  // changes so far
  bool wants_fit() const { return wants_fit_; }
  double Widening() const;  // factor on k, 1 when nothing happened

 private:
  struct Sum {
    double value = 0;
    int64_t began = 0;
    void Add(int64_t step, double error);
  };
  void Notice(int64_t began);

  Sum up_;
  Sum down_;
  uint32_t misses_ = 0;  // newest in the lowest bit
  int remaining_ = 0;
  int noticed_ = 0;
  bool wants_fit_ = false;
  std::optional<int64_t> began_;
};

}  // namespace shadowd::forecast
