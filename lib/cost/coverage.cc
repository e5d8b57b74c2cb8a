#include "cost/coverage.h"

#include <algorithm>

namespace shadowd::cost {
namespace {

constexpr double kMinutesPerHour = 60;
constexpr double kUndecided = 0.95;
constexpr double kLeast = 0.5, kMost = 0.999;

}  // namespace

double CoverageFromPrices(const model::Prices& prices) {
  const double idle = prices.instance_hour / kMinutesPerHour;
  if (idle + prices.violation_per_minute <= 0) {
    return kUndecided;
  }
  const double quantile = prices.violation_per_minute / (prices.violation_per_minute + idle);
  return std::clamp(2 * quantile - 1, kLeast, kMost);
}

double CoverageOf(const model::ServiceSpec& spec) {
  return spec.forecast.coverage_from_prices ? CoverageFromPrices(spec.prices) : spec.forecast.coverage;
}

}  // namespace shadowd::cost
