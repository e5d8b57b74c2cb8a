#include "lab/forecast_chart.h"

#include <catch2/catch.hpp>
#include <cmath>

namespace shadowd::lab {
namespace {

bool Has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// Two forecasts of two steps with a step between them; one step came above its limits, one below.
Evaluation Small() {
  Evaluation evaluation;
  evaluation.step = std::chrono::minutes(5);
  evaluation.horizon = 2;
  evaluation.scores.origins = 2;
  evaluation.scores.coverage = 0.5;
  evaluation.scores.peak_coverage = 0.5;
  evaluation.scores.mase = 0.789;
  const double nothing = std::nan("");
  evaluation.path = {.start = WallFromMicros(1'700'000'000'000'000),
                     .observed = {10, 30, 12, nothing, 1},
                     .expected = {11, 12, nothing, 11, 10},
                     .lower = {8, 8, nothing, 6, 5},
                     .upper = {14, 15, nothing, 16, 15}};
  return evaluation;
}

}  // namespace

TEST_CASE("the picture says what is seen: name, times, scores, misses") {
  const std::string svg = ForecastSvg("<shop>", Small(), 0.95);
  CHECK(Has(svg, "&lt;shop&gt;: 2 forecasts of 10 min each"));
  CHECK(Has(svg, "2023-11-14 22:13 to 2023-11-14 22:38 UTC in steps of 5 min"));
  CHECK(Has(svg, "50.0 % of the steps lay within their limits (wanted: 95 %)"));
  CHECK(Has(svg, "MASE 0.789"));
  CHECK(Has(svg, "MSIS unknown"));
  CHECK(Has(svg, ">1 steps above their limits<"));
  CHECK(Has(svg, ">1 below<"));
  CHECK_FALSE(Has(svg, "nan"));
}

TEST_CASE("its size is bounded, however long the history") {
  Evaluation evaluation = Small();
  for (std::vector<double>* line : {&evaluation.path.observed, &evaluation.path.expected,
                                    &evaluation.path.lower, &evaluation.path.upper}) {
    line->assign(19'000, line == &evaluation.path.observed ? 50 : 10);
  }
  CHECK(ForecastSvg("long", evaluation, 0.95).size() < 250'000);
}

}  // namespace shadowd::lab
