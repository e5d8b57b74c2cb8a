#include "cost/coverage.h"

#include <catch2/catch.hpp>

namespace shadowd::cost {
namespace {

model::Prices PricesOf(double instance_hour, double violation_per_minute) {
  model::Prices prices;
  prices.instance_hour = instance_hour;
  prices.violation_per_minute = violation_per_minute;
  return prices;
}

TEST_CASE("The upper limit lies where a minute short costs as much as the idle minutes before it") {
  // An idle minute costs 1, a minute short 9: the 90 % quantile, two-sided 80 %.
  CHECK(CoverageFromPrices(PricesOf(60, 9)) == Approx(0.8));
  CHECK(CoverageFromPrices(PricesOf(60, 39)) == Approx(0.95));
}

TEST_CASE("Dearer violations raise the limits, dearer instances lower them, within bounds") {
  CHECK(CoverageFromPrices(PricesOf(60, 20)) > CoverageFromPrices(PricesOf(60, 10)));
  CHECK(CoverageFromPrices(PricesOf(90, 10)) < CoverageFromPrices(PricesOf(60, 10)));
  CHECK(CoverageFromPrices(PricesOf(0, 1)) == 0.999);
  CHECK(CoverageFromPrices(PricesOf(60, 0)) == 0.5);
}

TEST_CASE("Prices that are all zero decide nothing") {
  CHECK(CoverageFromPrices(PricesOf(0, 0)) == 0.95);
}

TEST_CASE("Only a spec that asks for it has its coverage from prices") {
  model::ServiceSpec spec;
  spec.forecast.coverage = 0.9;
  spec.prices = PricesOf(60, 39);
  CHECK(CoverageOf(spec) == 0.9);
  spec.forecast.coverage_from_prices = true;
  CHECK(CoverageOf(spec) == Approx(0.95));
}

TEST_CASE("The limit derived from prices costs least, as simulated") {
  // Demand uniform in 0..1; a limit u idles u - d or is short d - u.
  const double idle = 1, shortage = 9;
  const auto cost_of = [&](double limit) {
    double cost = 0;
    for (int i = 0; i < 10'000; ++i) {
      const double demand = (i + 0.5) / 10'000;
      cost += demand <= limit ? idle * (limit - demand) : shortage * (demand - limit);
    }
    return cost;
  };
  const double quantile = (1 + CoverageFromPrices(PricesOf(60 * idle, shortage))) / 2;
  CHECK(cost_of(quantile) < cost_of(quantile - 0.02));
  CHECK(cost_of(quantile) < cost_of(quantile + 0.02));
}

}  // namespace
}  // namespace shadowd::cost
