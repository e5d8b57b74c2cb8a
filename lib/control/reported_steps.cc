#include "control/reported_steps.h"

#include <algorithm>

namespace shadowd::control {
namespace {

// A clock that was set back by more than this is followed; less is a straggler.
constexpr int64_t kStragglerSteps = 4;

}  // namespace

std::vector<std::pair<WallTime, double>> ReportedSteps::Add(WallTime at, double rps) {
  const WallTime start = WallTime(at.time_since_epoch() / step_ * step_);
  std::vector<std::pair<WallTime, double>> done;
  const bool set_back = any_ && start < start_ - kStragglerSteps * step_;
  if (any_ && !set_back && (start < start_ || (start == start_ && count_ == 0))) {
    return done;
  }
  if (start != start_ || !any_) {
    if (count_ > 0) {
      done.emplace_back(start_, sum_ / count_);
    }
    start_ = start;
    sum_ = 0;
    count_ = 0;
  }
  const Micros apart = any_ && !set_back ? std::max(at - last_at_, Micros(0)) : step_;
  any_ = true;
  last_at_ = at;
  sum_ += rps;
  ++count_;
  if (at + apart >= start_ + step_) {
    done.emplace_back(start_, sum_ / count_);
    count_ = 0;
  }
  return done;
}

}  // namespace shadowd::control
