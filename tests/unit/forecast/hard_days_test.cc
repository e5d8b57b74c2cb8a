// Days that are not like the ones before: what a service's forecast does while they last, and afterwards.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <functional>
#include <numbers>

#include "base/rng.h"
#include "forecast/demand_forecaster.h"

namespace shadowd::forecast {
namespace {

const WallTime kStart(std::chrono::hours(24 * 20'000));

struct Play {
  DemandForecaster forecaster;
  Micros step;
  std::function<double(int64_t, Rng&)> demand;
  Rng rng{7};
  Micros shift{0};  // of the clock
  int64_t now = 0;
  int inside = 0, seen = 0, fits = 0;
  double error = 0;

  Play(Micros length, int horizon, std::function<double(int64_t, Rng&)> what)
      : forecaster(model::ServiceId("web"),
                   {.step = length, .seasons = {}, .horizon_steps = horizon, .coverage = 0.95}),
        step(length),
        demand(std::move(what)) {}

  // Scores are of these steps alone.
  void Run(int64_t steps) {
    inside = seen = 0;
    error = 0;
    for (const int64_t end = now + steps; now < end; ++now) {
      const double rps = std::max(0.0, demand(now, rng));
      const model::Forecast said = forecaster.Predict();
      if (said.model_version > 0) {
        ++seen;
        inside += rps >= said.steps[0].lower_rps && rps <= said.steps[0].upper_rps ? 1 : 0;
        error += std::abs(rps - said.steps[0].expected_rps);
      }
      forecaster.Observe(kStart + shift + now * step, rps);
      for (int scale = 0; scale < 2 && forecaster.WantsFit(); ++scale) {
        forecaster.Adopt(FitModels(*forecaster.CopyForFit()));
        ++fits;
      }
    }
  }
  double Coverage() const { return static_cast<double>(inside) / std::max(1, seen); }
  double MeanError() const { return error / std::max(1, seen); }
  void CheckSane() const {
    for (const model::ForecastStep& said : forecaster.Predict().steps) {
      REQUIRE(std::isfinite(said.upper_rps));
      REQUIRE(said.lower_rps >= 0);
      REQUIRE(said.lower_rps <= said.expected_rps);
      REQUIRE(said.expected_rps <= said.upper_rps);
    }
  }
};

double Day(int64_t minute, Rng& rng) {
  return 300 + 150 * std::sin(2 * std::numbers::pi * static_cast<double>(minute % 1440) / 1440) +
         10 * rng.Normal();
}

}  // namespace

TEST_CASE("a flash crowd is followed while it lasts and forgotten after it") {
  constexpr int64_t kCrowd = 3 * 1440 + 600, kLength = 30;
  Play play(std::chrono::minutes(1), 30,
            [](int64_t t, Rng& rng) { return Day(t, rng) * (t >= kCrowd && t < kCrowd + kLength ? 5 : 1); });
  play.Run(kCrowd);
  const double quiet = play.MeanError();
  play.Run(5);
  CHECK(play.forecaster.changes() > 0);
  CHECK(play.forecaster.Predict().widening > 1);
  play.Run(kLength - 5);
  CHECK(play.forecaster.Predict().steps[0].expected_rps > 800);  // it has learnt that this is not 300
  play.Run(60);
  play.Run(240);
  CHECK(play.MeanError() < 2 * quiet);
  const model::Forecast after = play.forecaster.Predict();
  CHECK(after.steps.back().upper_rps < 900);
  CHECK(after.widening < 1.1);
  play.Run(1440);  // the same time of the next day expects no second one
  CHECK(play.Coverage() > 0.9);
  play.CheckSane();
}

TEST_CASE("after demand has doubled for good, limits cover again and are not twice as wide for ever") {
  constexpr int64_t kShift = 3 * 1440;
  Play play(std::chrono::minutes(1), 30,
            [](int64_t t, Rng& rng) { return Day(t, rng) * (t >= kShift ? 2 : 1); });
  play.Run(kShift);
  play.Run(120);
  play.Run(1440);
  CHECK(play.Coverage() == Approx(0.95).margin(0.04));
  const model::Forecast said = play.forecaster.Predict();
  CHECK(said.state == model::ForecastState::kReady);
  CHECK(said.steps[0].upper_rps - said.steps[0].lower_rps < 200);
}

TEST_CASE("a service of one-second steps has limits that hold") {
  Play play(std::chrono::seconds(1), 60, [](int64_t t, Rng& rng) {
    const double mean = 80 + 30 * std::sin(2 * std::numbers::pi * static_cast<double>(t % 600) / 600);
    return std::round(mean + std::sqrt(mean) * rng.Normal());
  });
  play.Run(3600);
  play.Run(3600);
  CHECK(play.Coverage() == Approx(0.95).margin(0.03));
  CHECK(play.MeanError() < 9);  // of Poisson noise alone it is 7.1
  play.CheckSane();
}

TEST_CASE("an hour a step knows its day") {
  Play play(std::chrono::hours(1), 24, [](int64_t t, Rng& rng) {
    return 300 + 150 * std::sin(2 * std::numbers::pi * static_cast<double>(t % 24) / 24) + 10 * rng.Normal();
  });
  play.Run(24 * 14);
  play.Run(24 * 14);
  CHECK(play.Coverage() > 0.9);
  CHECK(play.MeanError() < 12);
}

TEST_CASE("a clock that jumps ahead, by little or by a year, does not stop the forecast") {
  const Micros jump = GENERATE(Micros(std::chrono::minutes(10)), Micros(std::chrono::hours(7)),
                               Micros(std::chrono::hours(24 * 365)));
  Play play(std::chrono::minutes(1), 30, Day);
  play.Run(2 * 1440);
  play.shift = jump;
  play.Run(300);
  play.CheckSane();
  const model::Forecast said = play.forecaster.Predict();
  REQUIRE_FALSE(said.steps.empty());
  CHECK(said.steps[0].at == kStart + jump + play.now * play.step);
  play.Run(300);
  CHECK(play.Coverage() > 0.85);
}

TEST_CASE("a few requests an hour are forecast as few, with limits that cover them") {
  Play play(std::chrono::minutes(1), 30, [](int64_t, Rng& rng) { return rng.Uniform() < 0.1 ? 1.0 : 0.0; });
  play.Run(1440);
  play.Run(1440);
  CHECK(play.Coverage() > 0.93);
  const model::Forecast said = play.forecaster.Predict();
  CHECK(said.steps[0].expected_rps < 0.5);
  CHECK(said.steps[0].upper_rps <= 2);
  play.CheckSane();
}

}  // namespace shadowd::forecast
