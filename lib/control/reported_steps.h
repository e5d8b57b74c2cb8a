// Demand that is reported from outside, at whatever times, as one mean a step. Value type; pure.
#pragma once

#include <utility>
#include <vector>

#include "base/time.h"

namespace shadowd::control {

class ReportedSteps {
 public:
  explicit ReportedSteps(Micros step) : step_(step) {}

  // The steps that this sample completes, oldest first, by their start: its own at once where the next sample
  // is not expected within it, and one before that was still open. Samples of a step that is complete, or
  // older, count for nothing.
  std::vector<std::pair<WallTime, double>> Add(WallTime at, double rps);

 private:
  Micros step_;
  bool any_ = false;
  WallTime last_at_;
  WallTime start_;  // of the newest step
  double sum_ = 0;
  int count_ = 0;  // samples in it; 0: it is complete
};

}  // namespace shadowd::control
