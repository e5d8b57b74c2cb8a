#include "forecast/limits.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <functional>

#include "base/rng.h"

namespace shadowd::forecast {
namespace {

constexpr int kSteps = 20'000;

// All scales are one.
LimitsStart From(double k, int horizon) {
  const std::vector<double> ones(10, 1.0), zeros(10, 0.0);
  return {ErrorScale(ones, zeros, -10, 0),
          std::vector<BlockMargins>(BlockCount(horizon), {Margin(k), Margin(k)}), Margin(0.1)};
}

struct Misses {
  double upper = 0;  // shares
  double lower = 0;
  double peaks = 0;
};

// Residuals of a forecast that is always 0; the limits of one horizon step and the highest one are followed.
Misses Follow(Limits& limits, int horizon, int h, const std::function<double(int)>& residual) {
  const std::vector<double> path(static_cast<size_t>(horizon), 0.0);
  const auto ahead = static_cast<size_t>(h), all = static_cast<size_t>(horizon);
  std::vector<double> up, down, came;
  std::vector<double> upper, lower, highest;  // [t]: said before t came
  Misses misses;
  for (int t = 0; t < kSteps; ++t) {
    limits.Remember(t - 1, path);
    limits.Margins(t - 1, path, 1, up, down);
    upper.push_back(up[ahead - 1]);
    lower.push_back(down[ahead - 1]);
    highest.push_back(*std::max_element(up.begin(), up.end()));
    came.push_back(residual(t));
    if (came.size() >= ahead) {
      misses.upper += came.back() > upper[came.size() - ahead] ? 1.0 / kSteps : 0;
      misses.lower += -came.back() > lower[came.size() - ahead] ? 1.0 / kSteps : 0;
    }
    if (came.size() >= all) {
      const auto from = came.end() - horizon;
      misses.peaks += *std::max_element(from, came.end()) > highest[came.size() - all] ? 1.0 / kSteps : 0;
    }
    limits.Observe(t, 0, came.back());
  }
  return misses;
}

}  // namespace

TEST_CASE("limits and sigma move as worked out by hand") {
  Limits limits(1, 0.9, From(1, 1));  // five in a hundred may miss on each side
  const std::vector<double> path{0};
  std::vector<double> up, down;
  limits.Remember(0, path);
  const Limits::Outcome first = limits.Observe(1, 0, 2);  // above the limit of 1
  CHECK(first.error == Approx(2));
  CHECK_FALSE(first.held);
  CHECK(limits.sigma() == Approx(std::sqrt(1.06)));  // 0.98 * 1 + 0.02 * 4
  limits.Margins(1, path, 1, up, down);
  const double scale = (3 * std::sqrt(1.06) + 2 * std::sqrt(1.006)) / 5;  // three forget soon, two late
  CHECK(up[0] == Approx(1.095 * scale));                                  // 1 + 0.1 * 0.95
  CHECK(down[0] == Approx(0.995 * scale));                                // 1 - 0.1 * 0.05
  limits.Margins(1, path, 1.5, up, down);
  CHECK(down[0] == Approx(1.5 * 0.995 * scale));
  limits.Remember(1, path);
  CHECK(limits.Observe(2, 0, 0.5).held);
}

TEST_CASE("each side misses about as often as it may, whatever the residuals") {
  Rng rng(GENERATE(1, 2));
  const double coverage = GENERATE(0.8, 0.95);
  const double wanted = (1 - coverage) / 2, bound = 0.2 * wanted;
  Limits limits(1, coverage, From(GENERATE(0.2, 10.0), 1));
  SECTION("independent and normal") {
    const Misses misses = Follow(limits, 1, 1, [&](int) { return rng.Normal(); });
    CHECK(misses.upper == Approx(wanted).margin(bound));
    CHECK(misses.lower == Approx(wanted).margin(bound));
  }
  SECTION("skewed: a long tail above, none below") {
    const Misses misses = Follow(limits, 1, 1, [&](int) { return rng.Exponential(1) - 1; });
    CHECK(misses.upper == Approx(wanted).margin(bound));
    CHECK(misses.lower == Approx(wanted).margin(bound));
  }
  SECTION("with a spread that jumps between one and four") {
    const Misses misses =
        Follow(limits, 1, 1, [&](int t) { return rng.Normal() * (t / 1000 % 2 == 0 ? 1 : 4); });
    CHECK(misses.upper == Approx(wanted).margin(bound));
    CHECK(misses.lower == Approx(wanted).margin(bound));
  }
  SECTION("with a bias that grows to three deviations") {
    const Misses misses = Follow(limits, 1, 1, [&](int t) { return rng.Normal() + 3.0 * t / kSteps; });
    CHECK(misses.upper == Approx(wanted).margin(bound));
    CHECK(misses.lower <= wanted + bound);  // a limit does not cross what is expected
  }
}

// Windows that overlap are judged by the coefficient of the day their peak came, which widens by their own
// misses: of independent noise more peaks escape than the one in ten that is aimed at, though far fewer than
// the near half that would escape the limits of single steps.
TEST_CASE("limits of later steps cover too, and the highest one most peaks") {
  constexpr int kHorizon = 12;
  const int h = GENERATE(2, 6, 11);  // the probes of the blocks behind the first
  Rng rng(17);
  Limits limits(kHorizon, 0.9, From(0.5, kHorizon));
  const Misses misses = Follow(limits, kHorizon, h, [&](int) { return rng.Normal(); });
  CHECK(misses.upper <= 0.06);
  CHECK(misses.upper >= 0.02);  // one of the steps carries the peak's limit
  CHECK(misses.lower == Approx(0.05).margin(0.01));
  CHECK(misses.peaks <= 0.18);
  CHECK(misses.peaks >= 0.05);
}

TEST_CASE("margins go from one probe step to the next") {
  LimitsStart start = From(1, 12);  // probed at 1, 2, 6 and 11
  start.blocks[2] = {Margin(3), Margin(2)};
  const Limits limits(12, 0.9, start);
  std::vector<double> up, down;
  limits.Margins(0, std::vector<double>(12, 5.0), 1, up, down);
  REQUIRE(up.size() == 12);
  CHECK(up[0] == Approx(1));
  CHECK(up[1] == Approx(1));
  CHECK(up[3] == Approx(1 + 2 * std::log(2) / std::log(3)));
  CHECK(up[5] == Approx(3));
  CHECK(down[5] == Approx(2));
  CHECK(up[10] == Approx(1));
  CHECK(up[11] == Approx(1));
}

TEST_CASE("the highest limit is lifted to the peak's, and no other") {
  LimitsStart start = From(1, 4);
  start.peak = Margin(3);
  const Limits limits(4, 0.9, start);
  std::vector<double> up, down;
  limits.Margins(0, std::vector<double>{1, 7, 2, 0}, 1, up, down);
  CHECK(up[0] == Approx(1));
  CHECK(up[1] == Approx(3));
  CHECK(up[2] == Approx(1));
  CHECK(up[3] == Approx(1));
}

TEST_CASE("a block learns from the outcome of its own probe and of no other step") {
  Limits limits(3, 0.9, From(1, 3));  // blocks 1 and 2-3; the second is probed at 2
  REQUIRE(BlockProbe(1, 3) == 2);
  const std::vector<double> path{100, 0, 100};
  std::vector<double> up, down;
  limits.Remember(0, path);
  limits.Observe(1, 100, 100);
  limits.Observe(2, 0, 50);
  limits.Margins(2, std::vector<double>(3, 0.0), 1 / limits.sigma(), up, down);
  CHECK(up[1] / down[1] == Approx((1 + 0.1 / std::sqrt(2.0) * 0.95) / (1 - 0.1 / std::sqrt(2.0) * 0.05)));
  CHECK(up[0] == Approx(down[0]));  // the first heard of no miss
}

TEST_CASE("a step that was not measured teaches nothing") {
  Limits limits(1, 0.9, From(1, 1));
  std::vector<double> up, down;
  limits.Remember(0, std::vector<double>{100});
  limits.Observe(2, 1, 0);  // the step 1 never came
  limits.Margins(2, std::vector<double>{0}, 1, up, down);
  CHECK(up[0] == Approx(1));
  CHECK(down[0] == Approx(1));
}

TEST_CASE("when a new fit comes, what was learnt since the last one counts nine tenths") {
  Limits limits(2, 0.95, From(2, 2));
  limits.Adopt(From(4, 2));
  std::vector<double> up, down;
  limits.Margins(0, std::vector<double>{0, 0}, 1, up, down);
  CHECK(up[0] == Approx(2.2));
  CHECK(down[1] == Approx(2.2));
}

}  // namespace shadowd::forecast
