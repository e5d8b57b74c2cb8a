#include "lab/answer.h"

#include <limits>
#include <nlohmann/json.hpp>

#include "require_ok.h"

namespace shadowd::lab {

TEST_CASE("an evaluation has the pinned fields; what has no value is null") {
  Evaluation evaluation;
  evaluation.scores.smape = 12.5;
  evaluation.scores.origins = 3;
  evaluation.scores.coverage = 0.94;
  const auto json = ToJson(evaluation);
  for (const char* field : {"series", "smape", "mase", "owa", "msis", "coverage", "peak_coverage",
                            "mean_upper_margin", "seconds_per_forecast"}) {
    CAPTURE(field);
    CHECK(json.contains(field));
  }
  CHECK(json["smape"] == 12.5);
  CHECK(json["mase"].is_null());
  CHECK(ToText(evaluation).find("94.0 %") != std::string::npos);
}

TEST_CASE("a capacity has the pinned fields; cores follow from CPU per request and load") {
  CapacityAnswer answer{.max_load_rps = 120, .max_load_expected_rps = 125, .level = 9};
  model::KpiPrediction prediction;
  prediction.load_rps = 100;
  prediction.p95_us = {40'000, 38'000, 43'000};
  prediction.cpu_us_per_request = {4'000, 3'900, 4'100};
  prediction.p99_us = {-1, -1, -1};
  answer.predictions.push_back(prediction);
  const auto json = ToJson(answer, {});
  CHECK(json["max_load_rps"] == 120);
  CHECK(json["level"] == 9);
  CHECK(json["predictions"][0]["load_rps"] == 100);
  CHECK(json["predictions"][0]["p95_us"]["high"] == 43'000);
  CHECK(json["predictions"][0]["cpu_cores"]["expected"].get<double>() == Approx(0.4));
  CHECK(json["predictions"][0]["p99_us"].is_null());
  answer.level = 0;
  CHECK(ToJson(answer, {})["level"].is_null());
}

TEST_CASE("an analysis has the pinned fields, and slo only with a limit") {
  Analysis analysis;
  analysis.verdict.model = model::ModelAxis::kOff;
  analysis.verdict.cause = model::Cause::kModelInaccurate;
  analysis.verdict.kpis.push_back({.kind = model::KpiKind::kLatencyP95,
                                   .predicted = 100,
                                   .measured = 150,
                                   .low = 140,
                                   .high = std::numeric_limits<double>::infinity()});
  analysis.samples_used = 300;
  const auto json = ToJson(analysis, false);
  CHECK(json["model"] == "OFF");
  CHECK(json["cause"] == "MODEL_INACCURATE");
  CHECK(json["samples_used"] == 300);
  CHECK(json["kpis"][0]["name"] == "latency_p95_us");
  CHECK(json["kpis"][0]["high"].is_null());
  CHECK_FALSE(json.contains("slo"));
  CHECK(ToJson(analysis, true)["slo"] == "UNKNOWN");
  CHECK(ToText(analysis, true).find("slo UNKNOWN") != std::string::npos);
}

}  // namespace shadowd::lab
