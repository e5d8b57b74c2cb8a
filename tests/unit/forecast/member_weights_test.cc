#include "forecast/member_weights.h"

#include <catch2/catch.hpp>
#include <cmath>

#include "forecast/blocks.h"

namespace shadowd::forecast {
namespace {

using Values = std::vector<double>;

Values Mixed(MemberWeights& weights, int64_t last_step, const std::vector<Values>& said) {
  Values sum(said[0].size(), 0.0);
  for (size_t m = 0; m < said.size(); ++m) {
    if (weights.Counts(m)) {
      weights.Add(m, last_step, said[m], sum);
    }
  }
  return sum;
}

}  // namespace

TEST_CASE("weights fall with the fourth power of the error, and twice the best error is none") {
  const Values weights = Weigh({1.0, 1.25, 2.5});
  const double fourth = std::pow(0.8, 4);
  CHECK(weights[0] == Approx(1 / (1 + fourth)));
  CHECK(weights[1] == Approx(fourth / (1 + fourth)));
  CHECK(weights[2] == 0);
  CHECK(Weigh({0.0, 0.0, 1.0}) == Values{0.5, 0.5, 0});
}

TEST_CASE("fixed weights are the same at every horizon and stay") {
  MemberWeights weights(Values{0.25, 0.75, 0});
  CHECK(weights.members() == 3);
  CHECK_FALSE(weights.Counts(2));
  const Values ones(5, 1.0), twos(5, 2.0);
  const Values before = Mixed(weights, 7, {ones, twos, ones});
  CHECK(before == Values(5, 1.75));
  weights.Observe(8, 1);
  CHECK(Mixed(weights, 8, {ones, twos, ones}) == before);
}

TEST_CASE("each block weighs by its own errors, and in between weights change in a straight line") {
  constexpr int kHorizon = 7;  // blocks 1, 2-3 and 4-7, probed at 1, 2 and 6
  REQUIRE(BlockProbe(2, kHorizon) == 6);
  MemberWeights weights(kHorizon, {{1, 1}, {1, 1}, {1, 9}});
  const Values path = Mixed(weights, 0, {Values(7, 0.0), Values(7, 1.0)});
  CHECK(path[0] == Approx(0.5));
  CHECK(path[1] == Approx(0.5));
  CHECK(path[3] == Approx(0.25));  // half way from 2 to 6
  CHECK(path[5] == Approx(0));
  CHECK(path[6] == Approx(0));
}

TEST_CASE("the member that errs less of late gets the weight, at the horizon where it does") {
  const int64_t first = GENERATE(0, -50'000);
  constexpr int kHorizon = 7;
  MemberWeights weights(kHorizon, {{1, 1}, {1, 1}, {1, 1}});
  for (int64_t t = first; t < first + 500; ++t) {
    weights.Observe(t, 0);
    // The first is right up to two steps ahead, the second from three steps on.
    Mixed(weights, t, {{0, 0, 3, 3, 3, 3, 3}, {3, 3, 0, 0, 0, 0, 0}});
  }
  CHECK(weights.OfBlock(0)[0] > 0.99);
  CHECK(weights.OfBlock(1)[0] > 0.99);
  CHECK(weights.OfBlock(2)[1] > 0.99);
}

TEST_CASE("weights always sum to one over the members that are asked, and one that was dropped may return") {
  MemberWeights weights(1, {{1, 3}});
  CHECK_FALSE(weights.Counts(1));
  for (int64_t t = 0; t < 300; ++t) {
    weights.Observe(t, 0);
    const Values sum = Mixed(weights, t, {{5}, {5}});
    REQUIRE(sum[0] == Approx(5));
  }
  CHECK(weights.Counts(1));
}

TEST_CASE("what a member said of a step that was not measured counts for nothing") {
  MemberWeights weights(1, {{1, 1}});
  Mixed(weights, 0, {{0}, {100}});
  weights.Observe(2, 0);  // the step 1 was not
  CHECK(weights.OfBlock(0)[0] == Approx(0.5));
}

TEST_CASE("after a change the weights follow the errors four times as fast") {
  const auto after = [](Memory memory) {
    MemberWeights weights(1, {{1, 1}});
    Mixed(weights, 0, {{0}, {2}});
    weights.Observe(1, 0, memory);
    return weights.errors()[0];
  };
  CHECK(after(Memory::kLong)[1] == Approx(1.015));
  CHECK(after(Memory::kShort)[1] == Approx(1.06));
  CHECK(after(Memory::kShort)[0] == Approx(0.94));
}

}  // namespace shadowd::forecast
