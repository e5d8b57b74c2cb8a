// When the requests of a run are to be sent: a curve of the rate, and how arrivals scatter around it. Times
// are seconds from the start of the run, ascending; they are made one at a time, so a plan of any length
// costs no memory.
//
// Over-dispersed arrivals are a Poisson process whose rate is multiplied, for each second anew, by a gamma
// variable of mean 1 and shape k: counts of a second with mean m have the variance m + m^2/k, so their index
// of dispersion is 1 + m/k. Value type; the same options give the same times.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/rng.h"
#include "load/arrivals.h"

namespace shadowd::load {

struct SendPlanOptions {
  RateCurve rate{0.0};
  ArrivalKind arrivals = ArrivalKind::kPoisson;
  int order = 1;           // n of Erlang-n
  double gamma_shape = 0;  // k > 0: over-dispersed; 0 = not
  // Not empty: these times (>= 0, ascending) instead of all the above.
  std::vector<double> recorded;
  double seconds = 0;  // nothing is sent from then on
  uint64_t seed = 0;
};

class SendPlan {
 public:
  explicit SendPlan(SendPlanOptions options);
  // The next time; nothing when the run is over.
  std::optional<double> Next();

 private:
  std::optional<double> NextRecorded();
  std::optional<double> NextModulated(double units);

  SendPlanOptions options_;
  Arrivals arrivals_;
  Rng modulation_;
  double at_ = 0;
  size_t recorded_ = 0;
  double multiplier_ = 1;  // of the second that at_ lies in
  double second_end_ = 0;  // where it ends
};

}  // namespace shadowd::load
