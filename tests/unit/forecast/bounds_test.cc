// What a forecaster may never be given, and how much memory it may take.
#include <malloc.h>

#include <catch2/catch.hpp>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <new>
#include <numbers>

#include "base/rng.h"
#include "forecast/forecaster.h"

namespace {

size_t in_use = 0;  // bytes on the heap of this program

}  // namespace

// Counted exactly: the allocator's own figures hold what it keeps for later.
void* operator new(size_t size) {
  void* memory = std::malloc(size);
  if (memory == nullptr) {
    throw std::bad_alloc();
  }
  in_use += malloc_usable_size(memory);
  return memory;
}

void operator delete(void* memory) noexcept {
  in_use -= malloc_usable_size(memory);
  std::free(memory);
}

void operator delete(void* memory, size_t) noexcept {
  operator delete(memory);
}

namespace shadowd::forecast {
namespace {

constexpr Micros kFiveMinutes = std::chrono::minutes(5);
constexpr double kInfinity = std::numeric_limits<double>::infinity();

WallTime At(int64_t t) {
  return WallFromMicros(1'700'000'100'000'000) + t * kFiveMinutes;
}

Forecaster Make() {
  return Forecaster(model::ServiceId("web"),
                    {.step = kFiveMinutes, .seasons = {288, 2016}, .horizon_steps = 24, .coverage = 0.95});
}

double Demand(int64_t t, Rng& rng) {
  return 300 + 200 * std::sin(2 * std::numbers::pi * static_cast<double>(t % 288) / 288) + 9 * rng.Normal();
}

void CheckSane(const Forecaster& forecaster) {
  const auto input = forecaster.CopyForFit();
  for (const float v : input->demand_rps) {
    REQUIRE((std::isnan(v) || (std::isfinite(v) && v >= 0)));
  }
  for (const model::ForecastStep& step : forecaster.Predict().steps) {
    REQUIRE(std::isfinite(step.upper_rps));
    REQUIRE(step.lower_rps >= 0);
    REQUIRE(step.lower_rps <= step.expected_rps);
    REQUIRE(step.expected_rps <= step.upper_rps);
  }
}

}  // namespace

TEST_CASE("what is negative, not finite or beyond a float never reaches a fit") {
  const double bad =
      GENERATE(-1.0, -1e-9, -kInfinity, kInfinity, std::nan(""), 1e300, std::numeric_limits<double>::max());
  Rng rng(1);
  Forecaster forecaster = Make();
  std::vector<std::pair<WallTime, double>> history;
  for (int64_t t = 0; t < 600; ++t) {
    history.emplace_back(At(t), t % 5 == 0 ? bad : Demand(t, rng));
  }
  forecaster.Import(history);
  CHECK(forecaster.observations() == 480);
  CheckSane(forecaster);
  forecaster.Adopt(FitModels(*forecaster.CopyForFit()));
  for (int64_t t = 600; t < 1000; ++t) {
    forecaster.Observe(At(t), t % 3 == 0 ? bad : Demand(t, rng));
  }
  CheckSane(forecaster);
  forecaster.Adopt(FitModels(*forecaster.CopyForFit()));
  CheckSane(forecaster);
  CHECK(forecaster.Predict().steps[0].expected_rps < 1000);
}

TEST_CASE("a lone absurd but valid sample does not move the forecast out of sight") {
  Rng rng(2);
  Forecaster forecaster = Make();
  std::vector<std::pair<WallTime, double>> history;
  for (int64_t t = 0; t < 1000; ++t) {
    history.emplace_back(At(t), Demand(t, rng));
  }
  forecaster.Import(history);
  forecaster.Adopt(FitModels(*forecaster.CopyForFit()));
  forecaster.Observe(At(1000), 3e38);
  CheckSane(forecaster);
  for (int64_t t = 1001; t < 1100; ++t) {
    forecaster.Observe(At(t), Demand(t, rng));
    if (forecaster.WantsFit()) {
      forecaster.Adopt(FitModels(*forecaster.CopyForFit()));
    }
    CheckSane(forecaster);
  }
  CHECK(forecaster.Predict().steps[0].expected_rps < 1000);
}

TEST_CASE("two weeks of five-minute steps take a bounded amount of memory, now and later") {
  Rng rng(3);
  const size_t before = in_use;
  Forecaster forecaster = Make();
  size_t most = 0;
  {
    std::vector<std::pair<WallTime, double>> history;
    for (int64_t t = 0; t < 4032; ++t) {
      history.emplace_back(At(t), Demand(t, rng));
    }
    forecaster.Import(history);
  }
  for (int64_t t = 4032; t < 6000; ++t) {
    forecaster.Observe(At(t), Demand(t, rng));
    if (forecaster.WantsFit()) {
      forecaster.Adopt(FitModels(*forecaster.CopyForFit()));
    }
    most = std::max(most, in_use - before);
  }
  const size_t bytes = most + sizeof(forecaster);
  CAPTURE(sizeof(forecaster), most);
  CHECK(forecaster.Predict().steps.size() == 24);
  CHECK(bytes < 40'000);
}

}  // namespace shadowd::forecast
