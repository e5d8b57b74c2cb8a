#include "load/send_plan.h"

#include <utility>

namespace shadowd::load {
namespace {

constexpr double kModulated = 1.0;  // seconds that share a multiplier

}  // namespace

SendPlan::SendPlan(SendPlanOptions options)
    : options_(std::move(options)),
      arrivals_(options_.arrivals, options_.order, options_.seed),
      modulation_(options_.seed ^ 0x9e3779b97f4a7c15ULL) {}

std::optional<double> SendPlan::Next() {
  if (!options_.recorded.empty()) {
    return NextRecorded();
  }
  const double units = arrivals_.NextGap();
  const std::optional<double> next =
      options_.gamma_shape > 0 ? NextModulated(units) : options_.rate.Advance(at_, units);
  if (!next || *next >= options_.seconds) {
    return std::nullopt;
  }
  at_ = *next;
  return next;
}

std::optional<double> SendPlan::NextRecorded() {
  if (recorded_ == options_.recorded.size() || options_.recorded[recorded_] >= options_.seconds) {
    return std::nullopt;
  }
  return options_.recorded[recorded_++];
}

std::optional<double> SendPlan::NextModulated(double units) {
  double at = at_;
  while (at < options_.seconds) {
    if (at >= second_end_) {
      multiplier_ = modulation_.Gamma(options_.gamma_shape) / options_.gamma_shape;
      second_end_ += kModulated;
    }
    const double left = multiplier_ * options_.rate.Between(at, second_end_);
    if (units <= left && left > 0) {
      return options_.rate.Advance(at, units / multiplier_);
    }
    units -= left;
    at = second_end_;
  }
  return std::nullopt;
}

}  // namespace shadowd::load
