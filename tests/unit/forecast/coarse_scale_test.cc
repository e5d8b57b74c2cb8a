#include "forecast/coarse_scale.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <numbers>
#include <vector>

namespace shadowd::forecast {
namespace {

using std::chrono::seconds;

constexpr int64_t kStart = 1'704'067'200;  // a Monday, midnight

WallTime At(int64_t second) {
  return WallFromMicros((kStart + second) * 1'000'000);
}

double Day(int64_t second) {
  return 600 - 400 * std::cos(2 * std::numbers::pi * static_cast<double>(second) / 86400);
}

// Four days of history at fifteen-second steps, without noise.
CoarseScale Fitted() {
  const Scales scales = ScalesOf({.step = seconds(15), .seasons = {}, .horizon_steps = 120});
  CoarseScale coarse(model::ServiceId("shop"), *scales.coarse, seconds(15));
  std::vector<std::pair<WallTime, double>> history;
  for (int64_t t = 0; t < 4 * 86400; t += 15) {
    history.emplace_back(At(t), Day(t));
  }
  coarse.Import(history);
  coarse.Adopt(FitModels(*coarse.forecaster().CopyForFit()));
  return coarse;
}

}  // namespace

TEST_CASE("steps of minutes have one scale, and so has a caller who names short seasons") {
  CHECK_FALSE(ScalesOf({.step = seconds(300), .seasons = {}}).coarse);
  CHECK_FALSE(ScalesOf({.step = seconds(3600), .seasons = {}}).coarse);
  CHECK_FALSE(ScalesOf({.step = seconds(1), .seasons = {180}}).coarse);
}

TEST_CASE("long seasons go to the coarse scale, in its steps") {
  const Scales scales = ScalesOf({.step = seconds(15), .seasons = {240, 5760, 40320}, .horizon_steps = 60});
  CHECK(scales.fine.seasons == std::vector<int>{240});
  REQUIRE(scales.coarse);
  CHECK(scales.coarse->step == seconds(300));
  CHECK(scales.coarse->seasons == std::vector<int>{288, 2016});
  CHECK(scales.coarse->horizon_steps == 4);
}

TEST_CASE("a coarse step is whole fine steps and, where it can be, a share of a day") {
  CHECK(ScalesOf({.step = seconds(1), .seasons = {}}).coarse->step == seconds(300));
  CHECK(ScalesOf({.step = seconds(40), .seasons = {}}).coarse->step == seconds(320));
  CHECK(ScalesOf({.step = seconds(60), .seasons = {}}).coarse->step == seconds(300));
  CHECK(ScalesOf({.step = seconds(7), .seasons = {}}).coarse->step % seconds(7) == Micros(0));
}

TEST_CASE("nothing is expected before a model is fitted") {
  const Scales scales = ScalesOf({.step = seconds(15), .seasons = {}, .horizon_steps = 120});
  CoarseScale coarse(model::ServiceId("shop"), *scales.coarse, seconds(15));
  CHECK(coarse.Expected(At(0), 120).empty());
  coarse.Observe(At(0), 5);
  CHECK(coarse.Expected(At(15), 120).empty());
}

TEST_CASE("what a day says of the next half hour is followed between the middles of coarse steps") {
  CoarseScale coarse = Fitted();
  for (int64_t t = 4 * 86400; t < 4 * 86400 + 8 * 3600; t += 15) {
    coarse.Observe(At(t), Day(t));
    const std::vector<double> expected = coarse.Expected(At(t + 15), 120);
    REQUIRE(expected.size() == 120);
    for (size_t h = 0; h < expected.size(); h += 30) {
      REQUIRE(expected[h] == Approx(Day(t + 15 * static_cast<int64_t>(h + 1))).epsilon(0.02));
    }
  }
}

TEST_CASE("a coarse step of which less than half was seen is a gap") {
  CoarseScale coarse = Fitted();
  const size_t before = coarse.forecaster().observations();
  const int64_t start = 4 * 86400;
  for (int i = 0; i < 9; ++i) {  // of 20
    coarse.Observe(At(start + 15 * i), 5000);
  }
  coarse.Observe(At(start + 300), Day(start + 300));
  CHECK(coarse.forecaster().observations() == before);
  for (int i = 1; i < 20; ++i) {
    coarse.Observe(At(start + 300 + 15 * i), Day(start + 300 + 15 * i));
  }
  coarse.Observe(At(start + 600), Day(start + 600));
  CHECK(coarse.forecaster().observations() == before + 1);
  CHECK(coarse.Expected(At(start + 615), 1).at(0) < 1000);
}

TEST_CASE("samples that are no demand change nothing") {
  CoarseScale coarse = Fitted();
  const std::vector<double> before = coarse.Expected(At(4 * 86400), 20);
  coarse.Observe(At(4 * 86400), std::nan(""));
  coarse.Observe(At(4 * 86400 + 300), -1);
  CHECK(coarse.Expected(At(4 * 86400), 20) == before);
}

}  // namespace shadowd::forecast
