#include "forecast/demand_forecaster.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <numbers>
#include <vector>

#include "base/rng.h"

namespace shadowd::forecast {
namespace {

using std::chrono::seconds;

constexpr double kDaySeconds = 86400;
constexpr int64_t kStart = 1'704'067'200;  // a Monday, midnight

WallTime At(int64_t second) {
  return WallFromMicros((kStart + second) * 1'000'000);
}

// A weekday between 200 and 1000 rps, half of that at the weekend, with a slow AR(1) and quick noise on it.
class Demand {
 public:
  Demand(uint64_t seed, int64_t step) : rng_(seed), step_(step) {}

  static double Mean(int64_t second) {
    const double day = static_cast<double>(second % 86400) / kDaySeconds;
    const double curve = 600 - 400 * std::cos(2 * std::numbers::pi * day);
    return second / 86400 % 7 >= 5 ? curve / 2 : curve;
  }
  double Next(int64_t second) {
    const double kept = std::pow(0.9995, static_cast<double>(step_));
    drift_ = kept * drift_ + std::sqrt(1 - kept * kept) * 0.05 * rng_.Normal();
    return Mean(second) * std::exp(drift_ + 0.02 * rng_.Normal());
  }

 private:
  Rng rng_;
  int64_t step_;
  double drift_ = 0;
};

struct Tally {
  double error = 0;  // of the last step of the horizon, over demand
  double held = 0;   // of the limits there
  double width = 0;  // upper over expected there
  double first = 0;  // held at the first step
  int tried = 0;
};

void FitAll(DemandForecaster& forecaster) {
  while (forecaster.WantsFit()) {
    forecaster.Adopt(FitModels(*forecaster.CopyForFit()));
  }
}

// Two weeks of history, then half a day live at fifteen-second steps.
Tally Play(uint64_t seed, Options options) {
  const int64_t step = options.step / seconds(1);
  DemandForecaster forecaster(model::ServiceId("shop"), options);
  Demand demand(seed, step);
  std::vector<std::pair<WallTime, double>> history;
  const int64_t live = 14 * 86400 + 6 * 3600, end = live + 12 * 3600;
  std::vector<double> truth;
  for (int64_t t = 0; t < end; t += step) {
    truth.push_back(demand.Next(t));
    if (t < live) {
      history.emplace_back(At(t), truth.back());
    }
  }
  forecaster.Import(history);
  FitAll(forecaster);
  Tally tally;
  for (int64_t t = live; t + step * (options.horizon_steps + 1) < end; t += step) {
    forecaster.Observe(At(t), truth[static_cast<size_t>(t / step)]);
    FitAll(forecaster);
    if (t < live + 2 * 3600 || (t / step) % 10 != 0) {
      continue;
    }
    const model::Forecast forecast = forecaster.Predict();
    const model::ForecastStep& last = forecast.steps.back();
    const double came = truth[static_cast<size_t>(t / step + options.horizon_steps)];
    const double next = truth[static_cast<size_t>(t / step + 1)];
    tally.error += std::abs(last.expected_rps - came) / came;
    tally.held += came <= last.upper_rps && came >= last.lower_rps ? 1 : 0;
    tally.first += next <= forecast.steps[0].upper_rps && next >= forecast.steps[0].lower_rps ? 1 : 0;
    tally.width += last.upper_rps / last.expected_rps - 1;
    ++tally.tried;
  }
  return tally;
}

}  // namespace

TEST_CASE("a step of seconds knows the day and the week without being told") {
  // Forty minutes ahead demand has moved by up to a quarter of the day's swing.
  Tally sum;
  for (uint64_t seed = 1; seed <= 3; ++seed) {
    const Tally t = Play(seed, {.step = seconds(15), .seasons = {}, .horizon_steps = 160});
    sum.error += t.error;
    sum.held += t.held;
    sum.first += t.first;
    sum.width += t.width;
    sum.tried += t.tried;
  }
  INFO("error " << sum.error / sum.tried << " held " << sum.held / sum.tried << " first "
                << sum.first / sum.tried << " width " << sum.width / sum.tried);
  // The drift alone makes 5 % * sqrt(1 - e^-2.4) = 4.8 %, so a mean absolute error of 3.9 %.
  CHECK(sum.error / sum.tried < 0.055);
  CHECK(sum.first / sum.tried == Approx(0.95).margin(0.04));
  CHECK(sum.held / sum.tried > 0.88);
  CHECK(sum.width / sum.tried < 0.25);
}

TEST_CASE("fits of both scales are asked for, one after the other, and find their own") {
  DemandForecaster forecaster(model::ServiceId("shop"),
                              {.step = seconds(60), .seasons = {}, .horizon_steps = 30});
  Demand demand(1, 60);
  std::vector<std::pair<WallTime, double>> history;
  for (int64_t t = 0; t < 3 * 86400; t += 60) {
    history.emplace_back(At(t), demand.Next(t));
  }
  forecaster.Import(history);
  std::vector<Micros> steps;
  while (forecaster.WantsFit()) {
    const auto input = forecaster.CopyForFit();
    steps.push_back(input->options.step);
    forecaster.Adopt(FitModels(*input));
  }
  CHECK(steps == std::vector<Micros>{seconds(60), seconds(300)});
  forecaster.AskForFit();
  CHECK(forecaster.WantsFit());
  FitAll(forecaster);
  CHECK_FALSE(forecaster.WantsFit());
}

TEST_CASE("gaps and a clock that is set back leave limits in order") {
  DemandForecaster forecaster(model::ServiceId("shop"),
                              {.step = seconds(15), .seasons = {}, .horizon_steps = 40});
  Demand demand(5, 15);
  std::vector<std::pair<WallTime, double>> history;
  for (int64_t t = 0; t < 3 * 86400; t += 15) {
    history.emplace_back(At(t), demand.Next(t));
  }
  forecaster.Import(history);
  FitAll(forecaster);
  const auto look = [&] {
    for (const model::ForecastStep& step : forecaster.Predict().steps) {
      REQUIRE(std::isfinite(step.expected_rps));
      REQUIRE(step.lower_rps <= step.expected_rps);
      REQUIRE(step.expected_rps <= step.upper_rps);
      REQUIRE(step.upper_rps < 10'000);
    }
  };
  int64_t shift = 0;
  for (int64_t t = 3 * 86400; t < 4 * 86400; t += 15) {
    if (t == 3 * 86400 + 20'000 * 1) {
      t += 1800;  // half an hour is not measured
    }
    if (t == 3 * 86400 + 45'000) {
      shift = -7200;
    }
    forecaster.Observe(At(t + shift), demand.Next(t));
    FitAll(forecaster);
    look();
  }
}

}  // namespace shadowd::forecast
