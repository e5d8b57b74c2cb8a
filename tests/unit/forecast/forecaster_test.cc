#include "forecast/forecaster.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <functional>
#include <limits>
#include <numbers>

#include "base/rng.h"

namespace shadowd::forecast {
namespace {

constexpr Micros kMinute = std::chrono::minutes(1);

WallTime At(int64_t t) {
  return WallTime(std::chrono::hours(480000)) + t * kMinute;
}

Forecaster Make(std::vector<int> seasons = {}, int horizon = 24) {
  return Forecaster(
      model::ServiceId("web"),
      {.step = kMinute, .seasons = std::move(seasons), .horizon_steps = horizon, .coverage = 0.95});
}

void Feed(Forecaster& forecaster, int64_t from, int n, const std::function<double(int64_t)>& demand) {
  for (int64_t t = from; t < from + n; ++t) {
    forecaster.Observe(At(t), demand(t));
    if (forecaster.WantsFit()) {
      forecaster.Adopt(FitModels(*forecaster.CopyForFit()));
    }
  }
}

double Sine(int64_t t) {
  return 100 + 50 * std::sin(2 * std::numbers::pi * static_cast<double>(t) / 48);
}

void CheckSane(const model::Forecast& f) {
  for (const model::ForecastStep& step : f.steps) {
    REQUIRE(std::isfinite(step.upper_rps));
    REQUIRE(step.lower_rps >= 0);
    REQUIRE(step.lower_rps <= step.expected_rps);
    REQUIRE(step.expected_rps <= step.upper_rps);
  }
}

}  // namespace

TEST_CASE("a forecaster without data is degraded and says nothing") {
  const Forecaster forecaster = Make();
  const model::Forecast f = forecaster.Predict();
  CHECK(f.state == model::ForecastState::kDegraded);
  CHECK_FALSE(f.degraded_reason.empty());
  CHECK(f.steps.empty());
  CHECK_FALSE(forecaster.WantsFit());
  CHECK(forecaster.PeakUpper(Micros(0), kMinute) == 0);
}

TEST_CASE("constant and zero demand are forecast as they are") {
  const double level = GENERATE(0.0, 250.0);
  Forecaster forecaster = Make();
  Feed(forecaster, 0, 200, [&](int64_t) { return level; });
  const model::Forecast f = forecaster.Predict();
  CheckSane(f);
  CHECK(f.state == model::ForecastState::kReady);
  CHECK(f.steps.back().expected_rps == Approx(level).margin(1e-3));
  CHECK(f.steps.back().upper_rps == Approx(level).margin(0.01 * level + 0.01));
}

TEST_CASE("sparse counts keep finite limits that cover them") {
  Rng rng(5);
  Forecaster forecaster = Make();
  Feed(forecaster, 0, 800,
       [&](int64_t) { return rng.Uniform() < 0.1 ? std::floor(1 + 3 * rng.Uniform()) : 0; });
  const model::Forecast f = forecaster.Predict();
  CheckSane(f);
  CHECK(f.coverage_so_far >= 0.88);
}

TEST_CASE("a level shift degrades the forecast, is learnt, and passes") {
  Rng rng(11);
  Forecaster forecaster = Make({48});
  Feed(forecaster, 0, 400, [&](int64_t t) { return Sine(t) * (1 + 0.03 * rng.Normal()); });
  CHECK(forecaster.Predict().state == model::ForecastState::kReady);
  bool degraded = false;
  for (int64_t t = 400; t < 420; ++t) {
    Feed(forecaster, t, 1, [&](int64_t s) { return 2.5 * Sine(s) * (1 + 0.03 * rng.Normal()); });
    degraded |= forecaster.Predict().state == model::ForecastState::kDegraded;
  }
  CHECK(degraded);
  Feed(forecaster, 420, 300, [&](int64_t s) { return 2.5 * Sine(s) * (1 + 0.03 * rng.Normal()); });
  const model::Forecast f = forecaster.Predict();
  CheckSane(f);
  CHECK(f.steps[0].expected_rps == Approx(2.5 * Sine(720)).epsilon(0.15));
}

TEST_CASE("demand that falls far below all that was known stays within the limits that are told") {
  Rng rng(13);
  Forecaster forecaster = Make({48});
  Feed(forecaster, 0, 400, [&](int64_t t) { return Sine(t) * (1 + 0.03 * rng.Normal()); });
  int held = 0;
  for (int64_t t = 400; t < 500; ++t) {  // a hundredth of the level, without another fit
    const double rps = 1 + 0.5 * rng.Uniform();
    const model::ForecastStep step = forecaster.Predict().steps[0];
    held += t >= 420 && rps >= step.lower_rps && rps <= step.upper_rps;
    forecaster.Observe(At(t), rps);
  }
  CHECK(held >= 68);  // of 80
}

TEST_CASE("bad, duplicate and late samples change nothing") {
  Forecaster forecaster = Make({48});
  Feed(forecaster, 0, 200, Sine);
  const model::Forecast before = forecaster.Predict();
  forecaster.Observe(At(200), std::numeric_limits<double>::quiet_NaN());
  forecaster.Observe(At(200), -1);
  forecaster.Observe(At(199), 1e6);
  forecaster.Observe(At(150), 1e6);
  forecaster.Observe(At(5'000'000), 1e6);  // a clock that is far ahead, once
  CHECK(forecaster.Predict() == before);
  CHECK(forecaster.observations() == 200);
}

TEST_CASE("a gap is bridged by the season and marked while it matters") {
  Forecaster forecaster = Make({48});
  Feed(forecaster, 0, 240, Sine);
  forecaster.Observe(At(270), Sine(270));
  const model::Forecast f = forecaster.Predict();
  CheckSane(f);
  CHECK(f.state == model::ForecastState::kDegraded);
  CHECK(f.steps[0].at == At(271));
  CHECK(f.steps[5].expected_rps == Approx(Sine(276)).epsilon(0.1));
  Feed(forecaster, 271, 60, Sine);
  CHECK(forecaster.Predict().state == model::ForecastState::kReady);
}

TEST_CASE("a clock that is set back does not stop the forecast") {
  Forecaster forecaster = Make({48});
  Feed(forecaster, 0, 240, Sine);
  for (int64_t t = 0; t < 20; ++t) {
    forecaster.Observe(At(100 + t), Sine(240 + t));
  }
  const model::Forecast f = forecaster.Predict();
  CheckSane(f);
  CHECK(f.steps[0].at == At(120));
}

TEST_CASE("history before the first observation is used and replaces nothing") {
  Forecaster forecaster = Make({48});
  forecaster.Observe(At(300), 77);
  std::vector<std::pair<WallTime, double>> history;
  for (int64_t t = 0; t <= 300; ++t) {
    history.emplace_back(At(t), Sine(t));
  }
  forecaster.Import(history);
  CHECK(forecaster.observations() == 301);
  CHECK(forecaster.Predict().last_observed_rps == 77);
  CHECK(forecaster.WantsFit());
}

TEST_CASE("observations made while a fit runs are kept") {
  Forecaster forecaster = Make({48});
  Feed(forecaster, 0, 200, Sine);
  const auto input = forecaster.CopyForFit();
  for (int64_t t = 200; t < 210; ++t) {
    forecaster.Observe(At(t), Sine(t));
  }
  forecaster.Adopt(FitModels(*input));
  const model::Forecast f = forecaster.Predict();
  CHECK(f.steps[0].at == At(210));
  CHECK(f.steps[0].expected_rps == Approx(Sine(210)).epsilon(0.03));
}

TEST_CASE("less than two seasons is a forecast that says so") {
  Forecaster forecaster = Make({96});
  Feed(forecaster, 0, 100, Sine);
  const std::string reason = forecaster.Predict().degraded_reason;
  CHECK(reason.ends_with(" steps of demand are less than two seasons of 96"));
  CHECK(std::stoi(reason) > 84);  // those that the last fit has seen
}

TEST_CASE("a jump by the clock on one of the last three days is a rise to expect") {
  Rng rng(4);
  const auto day = [&](int64_t t, bool jumps) {  // each day at 6:00 for half an hour, or not
    const int64_t minute = t % 1440;
    return (jumps && minute >= 360 && minute < 390 ? 300.0 : 100.0) * (1 + 0.01 * rng.Normal());
  };
  Forecaster forecaster = Make({}, 30);
  for (int64_t t = 0; t < 2 * 1440 + 340; ++t) {
    forecaster.Observe(At(t), day(t, t < 1440));  // on the first day alone
  }
  CHECK(forecaster.RiseWithin(std::chrono::minutes(5)) == Approx(100).epsilon(0.1));
  CHECK(forecaster.RiseWithin(std::chrono::minutes(25)) == Approx(300).epsilon(0.1));
  for (int64_t t = 2 * 1440 + 340; t < 5 * 1440 + 340; ++t) {
    forecaster.Observe(At(t), day(t, false));
  }
  CHECK(forecaster.RiseWithin(std::chrono::minutes(25)) == Approx(100).epsilon(0.1));
}

TEST_CASE("without a past day there is no rise to expect, and none beyond twice what was ever seen") {
  Forecaster young = Make();
  Feed(young, 0, 700, Sine);
  CHECK(young.RiseWithin(std::chrono::minutes(10)) == 0);
  Forecaster forecaster = Make();
  for (int64_t t = 0; t < 1440 + 1000; ++t) {
    const bool night = t % 1440 < 500;
    forecaster.Observe(At(t), night && t < 1440 ? 1 : 100);
  }
  for (int64_t t = 1440 + 1000; t < 2 * 1440 + 499; ++t) {
    forecaster.Observe(At(t), 100);  // a hundred times as much as then, an hour before it rose then
  }
  forecaster.Adopt(FitModels(*forecaster.CopyForFit()));
  CHECK(forecaster.RiseWithin(std::chrono::minutes(30)) <= 200 * 1.0001);
}

TEST_CASE("no limit lies beyond twice the largest demand ever seen") {
  Forecaster forecaster = Make({}, 48);
  Rng rng(9);
  double level = 1;  // grows by the exponential law that a log transform carries on
  for (int64_t t = 0; t < 400; ++t) {
    level = std::min(level * 1.02, 50.0) * std::exp(0.15 * rng.Normal());
    forecaster.Observe(At(t), level);
    if (forecaster.WantsFit()) {
      forecaster.Adopt(FitModels(*forecaster.CopyForFit()));
    }
  }
  double largest = 0;
  Forecaster wild = forecaster;
  for (int64_t t = 400; t < 420; ++t) {
    level *= 1.6;
    wild.Observe(At(t), level);
    largest = std::max(largest, level);
    for (const model::ForecastStep& step : wild.Predict().steps) {
      REQUIRE(step.upper_rps <= std::max(2 * std::max(largest, 200.0), step.expected_rps));
    }
  }
}

TEST_CASE("a fit is told since when demand is as it is now") {
  Rng rng(3);
  Forecaster forecaster = Make({48}, 12);
  const auto steady = [&](int64_t t) { return Sine(t) * (1 + 0.02 * rng.Normal()); };
  Feed(forecaster, 0, 700, steady);
  Feed(forecaster, 700, 20, [&](int64_t t) { return 0.5 * steady(t); });
  const std::shared_ptr<const FitInput> input = forecaster.CopyForFit();
  REQUIRE(input->changed_step);
  const int64_t newest = input->first_step + static_cast<int64_t>(input->demand_rps.size()) - 1;
  CHECK(std::abs(newest - 19 - *input->changed_step) <= 2);
}

// Mean relative error of one step in the half day after demand was halved at once, over several runs.
TEST_CASE("after a level shift the error falls sooner, since memory is short for a while") {
  double error = 0;
  constexpr int kRuns = 8;
  for (uint64_t seed = 1; seed <= kRuns; ++seed) {
    Rng rng(seed);
    Forecaster forecaster = Make({48}, 12);
    for (int64_t t = 0; t < 729; ++t) {
      const double rps = (t < 700 ? 1 : 0.5) * Sine(t) * (1 + 0.05 * rng.Normal());
      if (t >= 705) {
        error += std::abs(forecaster.Predict().steps[0].expected_rps - rps) / rps / (24 * kRuns);
      }
      Feed(forecaster, t, 1, [&](int64_t) { return rps; });
    }
  }
  CHECK(error < 0.088);  // 0.10 where memory stays long
}

}  // namespace shadowd::forecast
