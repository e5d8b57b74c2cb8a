#include "forecast/limit_monitor.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace shadowd::forecast {
namespace {

// A side speaks again when an observation used less than this share of what counts as close.
constexpr double kBackInside = 0.75;
constexpr double kBeyond = 1e9;

// How much of the way from the expected value to the limit was used; >= 1 is a breach.
double WayUsed(double observed, double expected, double limit, bool upper) {
  const double gone = upper ? observed - expected : expected - observed;
  const double room = upper ? limit - expected : expected - limit;
  if (room <= 0) {
    return gone > 0 ? kBeyond : 0;
  }
  return gone / room;
}

}  // namespace

LimitMonitor::LimitMonitor(double proximity, int m, int n)
    : proximity_(std::clamp(proximity, 0.01, 1.0)), m_(std::max(1, m)), n_(std::max(m_, n)) {}

std::optional<model::TriggerKind> LimitMonitor::Judge(Side& side, double way) {
  side.near.push_back(way >= proximity_);
  if (static_cast<int>(side.near.size()) > n_) {
    side.near.pop_front();
  }
  if (way < proximity_ * kBackInside) {
    side.quiet = side.quiet_breach = false;
  }
  if (way > 1 && !side.quiet_breach) {
    side.quiet = side.quiet_breach = true;
    return model::TriggerKind::kBreach;
  }
  const auto near = static_cast<int>(std::count(side.near.begin(), side.near.end(), true));
  if (near >= m_ && side.near.back() && !side.quiet) {
    side.quiet = true;
    return model::TriggerKind::kProximity;
  }
  return std::nullopt;
}

std::optional<LimitSignal> LimitMonitor::Observe(double observed, const model::ForecastStep& p) {
  if (!std::isfinite(observed) || !std::isfinite(p.upper_rps) || !std::isfinite(p.lower_rps)) {
    return std::nullopt;
  }
  // Both sides see every observation, the signalling one first.
  const double up = WayUsed(observed, p.expected_rps, p.upper_rps, true);
  const double down = WayUsed(observed, p.expected_rps, p.lower_rps, false);
  const auto upper = Judge(upper_, up);
  const auto lower = Judge(lower_, down);
  if (!upper && !lower) {
    return std::nullopt;
  }
  const bool is_upper = upper.has_value();
  const model::TriggerKind kind = is_upper ? *upper : *lower;
  const char* side = is_upper ? "upper" : "lower";
  const double limit = is_upper ? p.upper_rps : p.lower_rps;
  std::string evidence =
      kind == model::TriggerKind::kBreach
          ? fmt::format("demand {:.1f} rps left the {} limit {:.1f} (expected {:.1f})", observed, side, limit,
                        p.expected_rps)
          : fmt::format(
                "demand {:.1f} rps near the {} limit {:.1f} in {} of the last {} steps (expected {:.1f})",
                observed, side, limit, m_, n_, p.expected_rps);
  return LimitSignal{kind, is_upper, std::move(evidence)};
}

}  // namespace shadowd::forecast
