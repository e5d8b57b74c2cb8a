#include "load/arrivals.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/check.h"

namespace shadowd::load {
namespace {

// The u with a*u + slope*u^2/2 = units, written so that nothing cancels when the slope is small or negative.
// The caller knows that there is one.
double SolveLinear(double a, double slope, double units) {
  const double root = std::sqrt(std::max(0.0, a * a + 2.0 * slope * units));
  return a + root > 0 ? 2.0 * units / (a + root) : 0.0;
}

}  // namespace

Arrivals::Arrivals(ArrivalKind kind, int order, uint64_t seed) : kind_(kind), order_(order), rng_(seed) {
  SHADOWD_CHECK(order >= 1);
}

double Arrivals::NextGap() {
  switch (kind_) {
    case ArrivalKind::kConstant:
      return 1.0;
    case ArrivalKind::kPoisson:
      return rng_.Exponential(1.0);
    case ArrivalKind::kErlang:
      break;
  }
  return rng_.Gamma(static_cast<double>(order_)) / static_cast<double>(order_);
}

RateCurve::RateCurve(std::vector<Knot> knots) : knots_(std::move(knots)) {
  SHADOWD_CHECK(!knots_.empty());
  SHADOWD_CHECK(std::is_sorted(knots_.begin(), knots_.end(),
                               [](const Knot& a, const Knot& b) { return a.at_seconds < b.at_seconds; }));
}

double RateCurve::RateAt(double seconds) const {
  const auto after = std::upper_bound(knots_.begin(), knots_.end(), seconds,
                                      [](double at, const Knot& knot) { return at < knot.at_seconds; });
  if (after == knots_.begin()) {
    return knots_.front().rate;
  }
  const Knot& before = *std::prev(after);
  if (after == knots_.end()) {
    return before.rate;
  }
  const double share = (seconds - before.at_seconds) / (after->at_seconds - before.at_seconds);
  return before.rate + share * (after->rate - before.rate);
}

double RateCurve::Between(double from, double to) const {
  auto next = std::upper_bound(knots_.begin(), knots_.end(), from,
                               [](double at, const Knot& knot) { return at < knot.at_seconds; });
  double area = 0, at = from;
  for (; next != knots_.end() && next->at_seconds < to; ++next) {
    area += 0.5 * (RateAt(at) + next->rate) * (next->at_seconds - at);
    at = next->at_seconds;
  }
  const double last = next == knots_.end() ? knots_.back().rate : RateAt(to);
  return area + 0.5 * (RateAt(at) + last) * (to - at);
}

std::optional<double> RateCurve::Advance(double from, double units) const {
  auto next = std::upper_bound(knots_.begin(), knots_.end(), from,
                               [](double at, const Knot& knot) { return at < knot.at_seconds; });
  double at = from;
  for (; next != knots_.end(); ++next) {
    const double rate = RateAt(at);
    const double length = next->at_seconds - at;
    const double area = 0.5 * (rate + next->rate) * length;
    if (area >= units && area > 0) {
      return at + std::min(length, SolveLinear(rate, (next->rate - rate) / length, units));
    }
    units -= area;
    at = next->at_seconds;
  }
  const double rate = knots_.back().rate;
  if (rate <= 0) {
    return std::nullopt;
  }
  return at + units / rate;
}

}  // namespace shadowd::load
