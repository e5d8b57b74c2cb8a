#include "cost/worth.h"

#include <fmt/format.h>

#include <algorithm>

namespace shadowd::cost {
namespace {

constexpr double kSecondsPerHour = 3600;

double InstanceCost(const model::Prices& prices, double instance_seconds) {
  return prices.instance_hour * instance_seconds / kSecondsPerHour;
}

}  // namespace

double ShadowCost(const model::Prices& prices, double shadow_seconds) {
  return prices.shadow_hour * shadow_seconds / kSecondsPerHour;
}

Worth AssessTrial(const WorthInput& input) {
  Worth worth;
  const double violation = input.violation_minutes_if_wrong * input.prices.violation_per_minute;
  const double excess = InstanceCost(input.prices, input.excess_instances_if_wrong * input.hold_seconds);
  const double small = std::clamp(input.probability_too_small, 0.0, 1.0);
  const double large = std::clamp(input.probability_too_large, 0.0, 1.0);
  worth.loss_avoided = small * violation + large * excess;
  const int freed = std::max(input.current - input.planned, 0);
  worth.price = ShadowCost(input.prices, input.shadows * input.trial_seconds) +
                InstanceCost(input.prices, freed * input.trial_seconds);
  worth.worth = worth.loss_avoided > worth.price;
  worth.reason = fmt::format(
      "a trial of {} shadows for {:.0f} s costs {:.4f} {} and is expected to avoid a loss of {:.4f} (the "
      "plan is too small with probability {:.2f}, {:.1f} minutes over the SLO, and too large with {:.2f}, "
      "{:.1f} idle replicas): {}",
      input.shadows, input.trial_seconds, worth.price, input.prices.currency, worth.loss_avoided, small,
      input.violation_minutes_if_wrong, large, input.excess_instances_if_wrong,
      worth.worth ? "worth it" : "not worth it");
  return worth;
}

}  // namespace shadowd::cost
