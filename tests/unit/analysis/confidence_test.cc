#include "analysis/confidence.h"

#include <catch2/catch.hpp>
#include <cmath>

#include "base/rng.h"

namespace shadowd::analysis {
namespace {

TEST_CASE("The normal mixture has its published tuning and bounds") {
  CHECK(TuningOf(1000, 0.05) == Approx(126.005610).epsilon(1e-7));
  CHECK(NormalMixtureBound(100, 1000, 0.05) == Approx(38.550546).epsilon(1e-7));
  CHECK(NormalMixtureBound(1000, 1000, 0.05) == Approx(95.981736).epsilon(1e-7));
  CHECK(NormalMixtureBound(10000, 1000, 0.05) == Approx(324.172315).epsilon(1e-7));
}

TEST_CASE(
    "The sequence of a mean nears the normal mixture, and is far wider while the deviation is a guess") {
  const double normal = 2 * 95.981736 / 1000;
  CHECK(MeanHalfWidth(1000, 2, 1000, 0.05) == Approx(normal).epsilon(0.02));
  CHECK(MeanHalfWidth(5, 2, 10, 0.05) > 1.5 * 2 * NormalMixtureBound(5, 10, 0.05) / 5);
  CHECK(std::isinf(MeanHalfWidth(1, 2, 10, 0.05)));
}

TEST_CASE("The sequence of a mean of few normal values keeps alpha at all looks") {
  Rng rng(9);
  int wrong = 0;
  constexpr int kTrials = 2000;
  for (int trial = 0; trial < kTrials; ++trial) {
    double sum = 0, squares = 0;
    bool out = false;
    for (int t = 1; t <= 100; ++t) {
      const double x = rng.Normal();
      sum += x;
      squares += x * x;
      const double variance = t > 1 ? (squares - sum * sum / t) / (t - 1) : 0;
      out = out || std::abs(sum / t) > MeanHalfWidth(t, std::sqrt(variance), 20, 0.05);
    }
    wrong += out ? 1 : 0;
  }
  CHECK(wrong <= 0.05 * kTrials);
  CHECK(wrong >= 0.01 * kTrials);  // and is not needlessly wide
}

TEST_CASE("One end by itself may be wrong as often as both together, and lies nearer") {
  // The probability that X_(high) ever falls below the quantile, at each of many looks.
  Rng rng(10);
  int wrong = 0;
  constexpr int kTrials = 2000;
  for (int trial = 0; trial < kTrials; ++trial) {
    double below = 0;
    bool out = false;
    for (int t = 1; t <= 1000 && !out; ++t) {
      below += rng.Uniform() < 0.9 ? 1 : 0;
      if (t % 20 == 0) {
        const RankInterval ranks = QuantileRanks(t, 0.9, 500, 0.05, 1, Ends::kEach);
        out = !ranks.unbounded_above && ranks.high <= below;
      }
    }
    wrong += out ? 1 : 0;
  }
  CHECK(wrong <= 0.05 * kTrials);
  CHECK(QuantileRanks(1000, 0.9, 500, 0.05, 1, Ends::kEach).high < QuantileRanks(1000, 0.9, 500, 0.05).high);
}

TEST_CASE("The evidence against a quantile matches its reference") {
  CHECK(LogQuantileEvidence(9870, 1e4, 0.99, 1e4, 0.05) == Approx(2.504868).epsilon(1e-5));
}

TEST_CASE("The ranks of a quantile's confidence sequence match their references") {
  struct Case {
    double p, t, low, high;  // high = upper rank k2; < 0 = unbounded
  };
  const Case c = GENERATE(Case{.5, 1000, 440, 561}, Case{.9, 1000, 863, 936}, Case{.95, 1e4, 9433, 9565},
                          Case{.99, 1000, 977, -1}, Case{.99, 1e4, 9868, 9929}, Case{.99, 1e5, 98896, 99100},
                          Case{.999, 1e4, 9979, 9998});
  CAPTURE(c.p, c.t);
  const RankInterval ranks = QuantileRanks(c.t, c.p, 1e4, 0.05);
  INFO("low " << ranks.low << " high " << ranks.high);
  CHECK(ranks.low == c.low);
  CHECK(ranks.unbounded_above == (c.high < 0));
  if (c.high > 0) {
    CHECK((ranks.high == c.high || ranks.high == c.high + 1));
  }
}

TEST_CASE("The first sample count with an upper limit matches its reference") {
  const auto first = [](double p, double t_opt) {
    double t = 1;
    while (QuantileRanks(t, p, t_opt, 0.05).unbounded_above) {
      ++t;
    }
    return t;
  };
  CHECK(first(.95, 1000) == Approx(162).margin(1));
  CHECK(first(.95, 5000) == Approx(309).margin(1));
  CHECK(first(.99, 1000) == Approx(499).margin(1));
}

TEST_CASE("Rates have the bounds of the reference") {
  struct Case {
    double k, t, low, high;
  };
  const Case c = GENERATE(Case{10, 1000, .002917, .022371}, Case{0, 1000, 0, .004122},
                          Case{100, 10000, .007243, .013294});
  const Bounds bounds = RateBounds(c.k, c.t, c.t, 0.05);
  CHECK(bounds.low == Approx(c.low).margin(2e-6));
  CHECK(bounds.high == Approx(c.high).margin(2e-6));
}

TEST_CASE("Nothing seen bounds nothing") {
  CHECK(RateBounds(0, 0, 1000, 0.05).high == 1);
  CHECK(QuantileRanks(0, .5, 1000, 0.05).unbounded_above);
  CHECK(std::isinf(MeanHalfWidth(0, 1, 10, 0.05)));
}

TEST_CASE("Correlated samples widen the ranks as fewer independent ones would") {
  const RankInterval independent = QuantileRanks(500, .9, 1000, 0.05);
  const RankInterval correlated = QuantileRanks(2000, .9, 1000, 0.05, 4);
  CHECK(correlated.low == Approx(independent.low * 4).margin(4));
  CHECK(correlated.high == Approx(independent.high * 4).margin(4));
}

}  // namespace
}  // namespace shadowd::analysis
