#include "forecast/limits.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <functional>

#include "base/rng.h"

namespace shadowd::forecast {
namespace {

constexpr int kSteps = 20'000;

struct Misses {
  double upper = 0;  // shares
  double lower = 0;
};

// Residuals of a forecast that is always 0; the limits of one horizon step are followed.
Misses Follow(Limits& limits, int horizon, int h, const std::function<double(int)>& residual) {
  const std::vector<double> path(static_cast<size_t>(horizon), 0.0);
  const auto ahead = static_cast<size_t>(h);
  std::vector<double> up;
  std::vector<double> down;
  std::vector<std::pair<double, double>> said;  // [t]: for step t + h
  Misses misses;
  int counted = 0;
  for (int t = 0; t < kSteps; ++t) {
    limits.Remember(t - 1, path);
    limits.Margins(1, up, down);
    said.emplace_back(up[ahead - 1], down[ahead - 1]);
    const double r = residual(t);
    if (said.size() >= ahead) {
      const auto& [upper, lower] = said[said.size() - ahead];
      misses.upper += r > upper;
      misses.lower += -r > lower;
      ++counted;
    }
    limits.Observe(t, 0, r);
  }
  return {misses.upper / counted, misses.lower / counted};
}

// Five deviations of a share of kSteps independent trials.
double Bound(double share) {
  return 5 * std::sqrt(share * (1 - share) / kSteps);
}

std::vector<BlockLimits> From(double k, int horizon) {
  return std::vector<BlockLimits>(BlockCount(horizon), {k, k});
}

}  // namespace

TEST_CASE("coefficients and sigma move as worked out by hand") {
  Limits limits(1, 0.9, 1, {{1, 1}});  // five in a hundred may miss on each side
  limits.Remember(0, std::vector<double>{0});
  const Limits::Outcome first = limits.Observe(1, 0, 2);  // above the limit of 1
  CHECK(first.error == Approx(2));
  CHECK_FALSE(first.held);
  CHECK(limits.blocks()[0].k_upper == Approx(1.095));      // 1 + 0.1 * 0.95
  CHECK(limits.blocks()[0].k_lower == Approx(0.995));      // 1 - 0.1 * 0.05
  CHECK(limits.sigma() * limits.sigma() == Approx(1.06));  // 0.98 * 1 + 0.02 * 4
  limits.Remember(1, std::vector<double>{0});
  const Limits::Outcome second = limits.Observe(2, 0, -1.1);  // below -0.995 * 1.0296
  CHECK(second.error == Approx(-1.1 / std::sqrt(1.06)));
  CHECK_FALSE(second.held);
  CHECK(limits.blocks()[0].k_upper == Approx(1.095 * 0.995));  // steps grow with k
  CHECK(limits.blocks()[0].k_lower == Approx(1.09));           // 0.995 + 0.1 * 0.95
  CHECK(limits.sigma() * limits.sigma() == Approx(1.063));     // 0.98 * 1.06 + 0.02 * 1.21
  limits.Remember(2, std::vector<double>{0});
  CHECK(limits.Observe(3, 0, 0.5).held);
}

TEST_CASE("an outlier counts as three sigmas and a miss only once") {
  Limits limits(1, 0.9, 1, {{1, 1}});
  limits.Remember(0, std::vector<double>{0});
  limits.Observe(1, 0, 1e9);
  CHECK(limits.sigma() * limits.sigma() == Approx(0.98 + 0.02 * 9));
  CHECK(limits.blocks()[0].k_upper == Approx(1.095));
}

TEST_CASE("each side misses as often as it may, whatever the residuals") {
  Rng rng(GENERATE(1, 2));
  const double coverage = GENERATE(0.8, 0.95);
  const double start = GENERATE(0.2, 2.0, 10.0);
  const double wanted = (1 - coverage) / 2;
  Limits limits(1, coverage, 1, {{start, start}});
  SECTION("independent and normal") {
    const Misses misses = Follow(limits, 1, 1, [&](int) { return rng.Normal(); });
    CHECK(misses.upper == Approx(wanted).margin(Bound(wanted)));
    CHECK(misses.lower == Approx(wanted).margin(Bound(wanted)));
  }
  SECTION("skewed: a long tail above, none below") {
    const Misses misses = Follow(limits, 1, 1, [&](int) { return rng.Exponential(1) - 1; });
    CHECK(misses.upper == Approx(wanted).margin(Bound(wanted)));
    CHECK(misses.lower == Approx(wanted).margin(Bound(wanted)));
    if (coverage > 0.9) {  // the quantiles are 2.69 and -0.98
      CHECK(limits.blocks()[0].k_upper > 1.5 * limits.blocks()[0].k_lower);
    }
  }
  SECTION("with a spread that grows to ten times and falls back") {
    const Misses misses =
        Follow(limits, 1, 1, [&](int t) { return rng.Normal() * (1 + 9 * std::sin(3.1416 * t / kSteps)); });
    CHECK(misses.upper == Approx(wanted).margin(Bound(wanted)));
    CHECK(misses.lower == Approx(wanted).margin(Bound(wanted)));
  }
  SECTION("with a spread that jumps between one and four") {
    const Misses misses =
        Follow(limits, 1, 1, [&](int t) { return rng.Normal() * (t / 1000 % 2 == 0 ? 1 : 4); });
    CHECK(misses.upper == Approx(wanted).margin(Bound(wanted)));
    CHECK(misses.lower == Approx(wanted).margin(Bound(wanted)));
  }
  SECTION("with a bias that grows to three deviations") {
    const Misses misses = Follow(limits, 1, 1, [&](int t) { return rng.Normal() + 3.0 * t / kSteps; });
    CHECK(misses.upper == Approx(wanted).margin(Bound(wanted)));
    CHECK(misses.lower <= wanted + Bound(wanted));  // a limit does not cross what is expected
  }
}

TEST_CASE("coefficients settle at the quantiles of a normal residual") {
  Rng rng(3);
  Limits limits(1, 0.95, 1, {{1, 1}});
  double k = 0;
  for (int t = 0; t < kSteps; ++t) {
    limits.Remember(t - 1, std::vector<double>{0});
    limits.Observe(t, 0, rng.Normal());
    k += t >= kSteps / 2 ? (limits.blocks()[0].k_upper + limits.blocks()[0].k_lower) / kSteps : 0;
  }
  CHECK(limits.sigma() == Approx(1).margin(0.3));
  CHECK(k == Approx(1.96).margin(0.15));
}

TEST_CASE("limits of later steps cover too and margins never shrink with the horizon") {
  constexpr int kHorizon = 12;
  const int h = GENERATE(2, 6, 11);  // the probes of the blocks behind the first
  Rng rng(17);
  Limits limits(kHorizon, 0.9, 1, From(0.5, kHorizon));
  const Misses misses = Follow(limits, kHorizon, h, [&](int) { return rng.Normal(); });
  // The widest of the blocks so far is used, so a later step may only miss less often.
  CHECK(misses.upper <= 0.05 + Bound(0.05));
  CHECK(misses.upper >= 0.02);
  CHECK(misses.lower <= 0.05 + Bound(0.05));
  CHECK(misses.lower >= 0.02);
  std::vector<double> up;
  std::vector<double> down;
  limits.Margins(1.5, up, down);
  REQUIRE(up.size() == kHorizon);
  CHECK(std::is_sorted(up.begin(), up.end()));
  CHECK(std::is_sorted(down.begin(), down.end()));
  CHECK(up[0] == Approx(1.5 * limits.sigma() * limits.blocks()[0].k_upper));
}

TEST_CASE("a block learns from the outcome of its own probe and of no other step") {
  Limits limits(3, 0.9, 1, From(1, 3));  // blocks 1 and 2-3; the second is probed at 2
  REQUIRE(BlockProbe(1, 3) == 2);
  limits.Remember(0, std::vector<double>{100, 0, 100});
  limits.Observe(1, 100, 100);
  CHECK(limits.blocks()[1] == BlockLimits{1, 1});
  limits.Observe(2, 0, 50);
  CHECK(limits.blocks()[1].k_upper == Approx(1 + 0.1 / std::sqrt(2.0) * 0.95));
}

TEST_CASE("a step that was not measured teaches nothing") {
  Limits limits(1, 0.9, 1, {{1, 1}});
  limits.Remember(0, std::vector<double>{0});
  limits.Skip(1);
  limits.Observe(2, 0, 0);
  CHECK(limits.blocks()[0] == BlockLimits{1, 1});
}

TEST_CASE("when a new fit comes, what was learnt since the last one counts three quarters") {
  Limits limits(2, 0.95, 1, {{2, 1}, {3, 3}});
  limits.Adopt(5, {{4, 2}, {3, 1}});
  CHECK(limits.sigma() == 5);
  CHECK(limits.blocks()[0] == BlockLimits{2.5, 1.25});
  CHECK(limits.blocks()[1] == BlockLimits{3, 2.5});
}

TEST_CASE("a residual that was always zero wakes up again") {
  Limits limits(1, 0.95, 0, {{2, 2}});
  for (int t = 0; t < 2000; ++t) {
    limits.Remember(t - 1, std::vector<double>{100});
    limits.Observe(t, 100, 100);
  }
  CHECK(limits.sigma() > 0);
  CHECK(limits.sigma() < 1e-3);
  Rng rng(2);
  int held = 0;
  for (int t = 2000; t < 4000; ++t) {
    limits.Remember(t - 1, std::vector<double>{100});
    held += limits.Observe(t, 100, 100 + 5 * rng.Normal()).held && t >= 3000;
  }
  CHECK(held >= 900);
}

}  // namespace shadowd::forecast
