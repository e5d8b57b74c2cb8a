#include "forecast/scoreboard.h"

#include <catch2/catch.hpp>
#include <cmath>

#include "base/rng.h"

namespace shadowd::forecast {
namespace {

constexpr Micros kStep = std::chrono::minutes(1);
const WallTime kStart(std::chrono::hours(1000));

// Of `now` and the steps after it, each 100 with limits 100 +- margin.
model::Forecast Said(int now, int horizon, double margin, Micros within = Micros(0)) {
  model::Forecast forecast;
  forecast.made_at = kStart + now * kStep;
  for (int h = 0; h < horizon; ++h) {
    forecast.steps.push_back({forecast.made_at + h * kStep, 100, 100 - margin, 100 + margin});
  }
  forecast.peak = {.within = within, .expected_rps = 100, .upper_rps = 100 + margin};
  return forecast;
}

TEST_CASE("Each block is held to its own outcomes: coverage, misses above, pinball, MASE, MSIS") {
  Scoreboard board(3, 0.8);  // blocks 1 and 2-3; the second is probed at its step 2
  // Truths 100, 130, 60 of steps 0, 1, 2, limits 80 and 120.
  board.Remember(Said(0, 3, 20));
  board.Observe(kStart, kStep, 100);
  board.Remember(Said(1, 3, 20));
  board.Observe(kStart + kStep, kStep, 130);
  board.Remember(Said(2, 3, 20));
  board.Observe(kStart + 2 * kStep, kStep, 60);
  model::Forecast forecast;
  board.Publish(10, forecast);
  REQUIRE(forecast.blocks.size() == 2);
  const model::ForecastBlock& next = forecast.blocks[0];
  CHECK(next.first_step == 1);
  CHECK(next.last_step == 1);
  CHECK(next.samples == 3);
  CHECK(next.coverage == Approx(1.0 / 3));
  CHECK(next.above == Approx(1.0 / 3));
  CHECK(next.mase == Approx((0.0 + 30 + 40) / 3 / 10));
  // Interval: 40 wide, plus 2 / 0.2 of what lies outside: 10 and 20.
  CHECK(next.msis == Approx((40.0 + (40 + 100) + (40 + 200)) / 3 / 10));
  // Pinball at 0.9 and 0.1: inside (0.1 * 20 + 0.1 * 20) / 2; above (0.9 * 10 + 0.1 * 50) / 2; below the
  // mirror.
  CHECK(next.pinball_rps == Approx((2.0 + 7.0 + (0.9 * 20 + 0.1 * 60) / 2) / 3));
  CHECK(forecast.blocks[1].first_step == 2);
  CHECK(forecast.blocks[1].last_step == 3);
  CHECK(forecast.blocks[1].samples == 2);
}

TEST_CASE("Limits at the right quantiles are covered as often as they should be") {
  Rng rng(5);
  Scoreboard board(1, 0.95);
  for (int t = 0; t < 20'000; ++t) {
    board.Remember(Said(t, 1, 1.959964 * 7));
    board.Observe(kStart + t * kStep, kStep, 100 + 7 * rng.Normal());
  }
  model::Forecast forecast;
  board.Publish(0, forecast);
  CHECK(forecast.blocks[0].coverage == Approx(0.95).margin(0.02));
  CHECK(forecast.blocks[0].above == Approx(0.025).margin(0.015));
  CHECK(forecast.blocks[0].mase == 0);  // the scale is unknown
}

TEST_CASE("Peaks are scored one window after another, against the limit said at its beginning") {
  Scoreboard board(8, 0.95);
  const auto play = [&](int from, double peak) {
    for (int t = from; t < from + 4; ++t) {
      board.Remember(Said(t, 8, 20, 4 * kStep));
      board.Observe(kStart + t * kStep, kStep, t == from + 2 ? peak : 100);
    }
  };
  play(0, 119);
  play(4, 121);
  play(8, 110);
  model::Forecast forecast;
  board.Publish(1, forecast);
  CHECK(forecast.peak.coverage_samples == 3);
  CHECK(forecast.peak.coverage_so_far == Approx(2.0 / 3));
}

TEST_CASE("Steps that were never measured are no outcome, and a jump of the clock ends an open peak") {
  Scoreboard board(2, 0.95);
  board.Remember(Said(0, 2, 20, 2 * kStep));
  board.Observe(kStart + 500 * kStep, kStep, 1e6);
  model::Forecast forecast;
  board.Publish(1, forecast);
  CHECK(forecast.blocks[0].samples == 0);
  CHECK(forecast.peak.coverage_samples == 0);
}

}  // namespace
}  // namespace shadowd::forecast
