#include "load/send_plan.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <vector>

namespace shadowd::load {
namespace {

std::vector<double> All(SendPlanOptions options) {
  SendPlan plan(std::move(options));
  std::vector<double> times;
  while (const std::optional<double> next = plan.Next()) {
    REQUIRE((times.empty() || *next >= times.back()));
    times.push_back(*next);
  }
  return times;
}

struct Counts {
  double mean = 0;
  double dispersion = 0;  // variance over mean
};

Counts PerSecond(const std::vector<double>& times, int seconds) {
  std::vector<double> counts(static_cast<size_t>(seconds), 0.0);
  for (const double at : times) {
    counts[static_cast<size_t>(at)] += 1;
  }
  Counts c;
  for (const double n : counts) {
    c.mean += n / seconds;
  }
  for (const double n : counts) {
    c.dispersion += (n - c.mean) * (n - c.mean) / (seconds - 1) / c.mean;
  }
  return c;
}

SendPlanOptions Of(ArrivalKind kind, double rate, double seconds) {
  SendPlanOptions options;
  options.arrivals = kind;
  options.rate = RateCurve(rate);
  options.seconds = seconds;
  options.seed = 7;
  return options;
}

// Kolmogorov's distance of the gaps from a distribution, times the square root of their number: above 1.95 in
// one of a thousand samples that follow it.
template <typename Cdf>
double Kolmogorov(std::vector<double> times, const Cdf& cdf) {
  std::vector<double> gaps;
  for (size_t i = 1; i < times.size(); ++i) {
    gaps.push_back(times[i] - times[i - 1]);
  }
  std::sort(gaps.begin(), gaps.end());
  const auto n = static_cast<double>(gaps.size());
  double worst = 0;
  for (size_t i = 0; i < gaps.size(); ++i) {
    const double p = cdf(gaps[i]), rank = static_cast<double>(i);
    worst = std::max({worst, std::abs(p - rank / n), std::abs((rank + 1) / n - p)});
  }
  return worst * std::sqrt(n);
}

}  // namespace

TEST_CASE("constant arrivals are evenly spaced and as many as asked for") {
  const std::vector<double> times = All(Of(ArrivalKind::kConstant, 50, 10.01));
  REQUIRE(times.size() == 500);
  CHECK(times[0] == Approx(0.02));
  CHECK(times[99] == Approx(2.0));
}

TEST_CASE("Poisson arrivals: exponential gaps, rate and dispersion as asked for") {
  const int seconds = 2000;
  const std::vector<double> times = All(Of(ArrivalKind::kPoisson, 40, seconds));
  const Counts counts = PerSecond(times, seconds);
  CHECK(counts.mean == Approx(40).margin(4 * std::sqrt(40.0 / seconds)));
  CHECK(counts.dispersion == Approx(1).margin(4 * std::sqrt(2.0 / seconds)));
  CHECK(Kolmogorov(times, [](double gap) { return 1 - std::exp(-40 * gap); }) < 1.95);
}

TEST_CASE("Erlang arrivals are as regular as round robin over n leaves them") {
  const int seconds = 2000;
  SendPlanOptions options = Of(ArrivalKind::kErlang, 40, seconds);
  options.order = 4;
  const std::vector<double> times = All(options);
  const Counts counts = PerSecond(times, seconds);
  CHECK(counts.mean == Approx(40).margin(4 * std::sqrt(10.0 / seconds)));
  CHECK(counts.dispersion == Approx(0.25).margin(0.04));
  CHECK(Kolmogorov(times, [](double gap) {
          const double x = 160 * gap;
          return 1 - std::exp(-x) * (1 + x + x * x / 2 + x * x * x / 6);
        }) < 1.95);
}

TEST_CASE("gamma-modulated arrivals have the variance m + m^2/k") {
  const int seconds = 4000;
  for (const double shape : {2.0, 10.0}) {
    SendPlanOptions options = Of(ArrivalKind::kPoisson, 30, seconds);
    options.gamma_shape = shape;
    const Counts counts = PerSecond(All(options), seconds);
    const double dispersion = 1 + 30 / shape;
    CHECK(counts.mean == Approx(30).margin(4 * std::sqrt(30 * dispersion / seconds)));
    CHECK(counts.dispersion == Approx(dispersion).epsilon(0.15));
  }
}

TEST_CASE("arrivals follow a curve exactly: in operational time they are Poisson again") {
  SendPlanOptions options = Of(ArrivalKind::kPoisson, 0, 2000);
  options.rate = RateCurve({{0, 10}, {500, 60}, {500, 20}, {1500, 0}, {2000, 40}});
  std::vector<double> times = All(options);
  const double expected = options.rate.Between(0, 2000);
  CHECK(expected == Approx(500 * 35.0 + 1000 * 10.0 + 500 * 20.0));
  CHECK(static_cast<double>(times.size()) == Approx(expected).margin(4 * std::sqrt(expected)));
  std::vector<double> operational;
  for (const double at : times) {
    operational.push_back(options.rate.Between(0, at));
  }
  CHECK(Kolmogorov(operational, [](double gap) { return 1 - std::exp(-gap); }) < 1.95);
}

TEST_CASE("recorded times are sent as they are, up to the end of the run") {
  SendPlanOptions options;
  options.recorded = {0, 0, 0.5, 1.25, 2};
  options.seconds = 2;
  CHECK(All(options) == std::vector<double>{0, 0, 0.5, 1.25});
}

TEST_CASE("a rate of zero sends nothing, and ends") {
  CHECK(All(Of(ArrivalKind::kPoisson, 0, 10)).empty());
  SendPlanOptions options = Of(ArrivalKind::kPoisson, 0, 10);
  options.gamma_shape = 1;
  CHECK(All(options).empty());
}

}  // namespace shadowd::load
