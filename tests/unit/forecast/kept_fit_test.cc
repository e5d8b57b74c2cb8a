#include "forecast/kept_fit.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <numbers>

#include "base/rng.h"
#include "forecast/forecaster.h"

namespace shadowd::forecast {
namespace {

constexpr Micros kStep = std::chrono::hours(1);
const WallTime kStart(std::chrono::hours(24 * 1000));
const model::ServiceId kWeb("web");

double Demand(int hour, Rng& rng) {
  return 300 + 100 * std::sin(2 * std::numbers::pi * hour / 24) + 5 * rng.Normal();
}

// `hours` of a service with a day, fitted.
Forecaster Fitted(int hours, uint64_t seed) {
  Forecaster forecaster(kWeb, {.step = kStep, .seasons = {}, .horizon_steps = 24, .coverage = 0.95});
  Rng rng(seed);
  for (int t = 0; t < hours; ++t) {
    forecaster.Observe(kStart + t * kStep, Demand(t, rng));
  }
  forecaster.Adopt(FitModels(*forecaster.CopyForFit()));
  return forecaster;
}

double LargestGap(const model::Forecast& a, const model::Forecast& b) {
  double gap = 0;
  for (size_t i = 0; i < a.steps.size() && i < b.steps.size(); ++i) {
    gap = std::max(gap, std::abs(a.steps[i].expected_rps - b.steps[i].expected_rps));
  }
  return gap;
}

TEST_CASE("Models that were kept say again what they said") {
  Forecaster forecaster = Fitted(24 * 20, 1);
  const model::Forecast before = forecaster.Predict();
  const model::FittedForecast kept = forecaster.Kept();
  CHECK(kept.step == kStep);
  CHECK(kept.fit == 1);
  REQUIRE_FALSE(kept.errors.empty());
  // Others in between: what this one was fitted on looks different.
  FitInput other = *forecaster.CopyForFit();
  for (float& rps : other.demand_rps) {
    rps = 50;
  }
  forecaster.Adopt(FitModels(other));
  CHECK(LargestGap(before, forecaster.Predict()) > 20);
  forecaster.Revert(kept);
  CHECK(forecaster.WantsFit());
  const auto input = forecaster.CopyForFit();
  REQUIRE(input->kept);
  const Fit fit = FitModels(*input);
  REQUIRE(fit.usable);
  forecaster.Adopt(fit);
  CHECK(LargestGap(before, forecaster.Predict()) < 1e-6);
  CHECK_FALSE(forecaster.CopyForFit()->kept);  // once
}

TEST_CASE("After a restart they are in phase, and go on learning") {
  const Forecaster before = Fitted(24 * 20, 2);
  Forecaster after(kWeb, {.step = kStep, .seasons = {}, .horizon_steps = 24, .coverage = 0.95});
  Rng rng(2);
  std::vector<std::pair<WallTime, double>> history;
  for (int t = 0; t < 24 * 20; ++t) {
    const double rps = Demand(t, rng);
    if (t >= 7) {  // less is known than then
      history.emplace_back(kStart + t * kStep, rps);
    }
  }
  after.Import(history);
  after.Revert(before.Kept());
  after.Adopt(FitModels(*after.CopyForFit()));
  CHECK(LargestGap(before.Predict(), after.Predict()) < 15);
  for (int t = 24 * 20; t < 24 * 22; ++t) {
    const double expected = after.Predict().steps.front().expected_rps;
    const double rps = Demand(t, rng);
    CHECK(std::abs(rps - expected) < 40);
    after.Observe(kStart + t * kStep, rps);
  }
}

TEST_CASE("Models that need more past than there is are refused with a reason") {
  const model::FittedForecast kept = Fitted(24 * 20, 3).Kept();
  Forecaster forecaster(kWeb, {.step = kStep, .seasons = {}, .horizon_steps = 24, .coverage = 0.95});
  Rng rng(3);
  for (int t = 0; t < 25; ++t) {
    forecaster.Observe(kStart + t * kStep, Demand(t, rng));
  }
  forecaster.Revert(kept);
  const Fit fit = FitModels(*forecaster.CopyForFit());
  CHECK_FALSE(fit.usable);
  CHECK(fit.reason.find("too little demand") != std::string::npos);
  forecaster.Adopt(fit);
  CHECK(forecaster.Predict().state == model::ForecastState::kDegraded);
}

TEST_CASE("What is fitted is told by name, with weights that add up") {
  const model::ForecastScale scale = Fitted(24 * 20, 4).Scale();
  CHECK(scale.step == kStep);
  CHECK(scale.fit == 1);
  CHECK(scale.observations == 24 * 20);
  REQUIRE_FALSE(scale.seasons.empty());
  CHECK(scale.seasons[0] == std::chrono::hours(24));
  double sum = 0;
  bool naive = false;
  for (const auto& member : scale.members) {
    sum += member.weight;
    naive = naive || member.name == "naive, 24 steps ago";
  }
  CHECK(sum == Approx(1));
  CHECK(naive);
}

}  // namespace
}  // namespace shadowd::forecast
