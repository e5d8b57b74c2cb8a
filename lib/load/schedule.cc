#include "load/schedule.h"

#include <algorithm>
#include <cmath>

namespace shadowd::load {
namespace {

constexpr double kCellSeconds = 0.2;
constexpr double kEstimateSeconds = 1.0;  // time constant of the estimate of the copies' rate
constexpr double kRepaySeconds = 2.0;     // over which an excess is taken back

ArrivalKind KindOf(model::Balancing balancing) {
  return balancing == model::Balancing::kRoundRobin ? ArrivalKind::kErlang : ArrivalKind::kPoisson;
}

}  // namespace

Schedule::Schedule(const Options& options, MonoTime start)
    : options_(options),
      slots_(options.synthetic && options.balancing == model::Balancing::kRoundRobin),
      arrivals_(KindOf(options.balancing), std::max(1, options.instances), options.seed),
      start_(start),
      gap_left_(arrivals_.NextGap()),
      mirrored_rate_(options.mirrored_expected) {}

void Schedule::SetTarget(double rate_rps, MonoTime now) {
  Replan(Seconds(now));
  target_ = std::max(0.0, rate_rps);
  Replan(Seconds(now));
}

std::optional<MonoTime> Schedule::Next(MonoTime now) {
  const double at = Seconds(now);
  if (at - cell_start_ >= kCellSeconds && (rate_ <= 0 || Due() > at)) {
    Replan(at);
  }
  if (rate_ <= 0) {
    return std::nullopt;
  }
  return start_ + FromSeconds(Due());
}

void Schedule::Pop() {
  at_ = Due();
  gap_left_ = arrivals_.NextGap();
}

void Schedule::Replan(double now) {
  const double length = now - cell_start_;
  if (length > 0) {
    const auto mirrored = static_cast<double>(mirrored_in_cell_);
    mirrored_rate_ += (1.0 - std::exp(-length / kEstimateSeconds)) * (mirrored / length - mirrored_rate_);
    const double limit = target_ * kRepaySeconds;
    excess_ = std::clamp(excess_ + mirrored + (rate_ - target_) * length, -limit, limit);
    mirrored_in_cell_ = 0;
    cell_start_ = now;
  }
  if (!options_.synthetic) {
    SetRate(0, now);
  } else if (slots_) {
    SetRate(target_, now);
  } else {
    SetRate(std::max(0.0, target_ - mirrored_rate_ - excess_ / kRepaySeconds), now);
  }
}

void Schedule::SetRate(double rate, double now) {
  if (now > at_) {
    gap_left_ = std::max(0.0, gap_left_ - rate_ * (now - at_));
    at_ = now;
  }
  rate_ = rate;
}

}  // namespace shadowd::load
