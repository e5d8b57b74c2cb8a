#include "lab/analyze.h"

#include <cmath>

#include "base/rng.h"
#include "require_ok.h"

namespace shadowd::lab {
namespace {

constexpr double kMeanUs = 20'000;
const double kP50Us = kMeanUs * std::log(2.0);
const double kP95Us = kMeanUs * std::log(20.0);

// Independent exponential latencies, 200 a second.
std::vector<RequestSample> Requests(size_t count, double mean_us, uint64_t seed, double error_rate = 0) {
  Rng rng(seed);
  std::vector<RequestSample> samples;
  for (size_t i = 0; i < count; ++i) {
    samples.push_back({static_cast<int64_t>(i) * 5'000, static_cast<uint32_t>(rng.Exponential(mean_us)),
                       rng.Uniform() >= error_rate});
  }
  return samples;
}

AnalyzeInput Input(std::vector<RequestSample> samples) {
  AnalyzeInput input;
  input.predicted =
      ParsePrediction(
          fmt::format(R"({{"latency_us": {{"p50": {}, "p95": {}}}, "error_rate": 0}})", kP50Us, kP95Us),
          "P.json")
          .value();
  input.samples = std::move(samples);
  return input;
}

model::Slo Limit(double us) {
  model::Slo slo;
  slo.latency_limit = Micros(static_cast<int64_t>(us));
  return slo;
}

}  // namespace

TEST_CASE("a shadow that does as predicted is accurate, and is settled before all samples are used") {
  const Analysis analysis = Analyze(Input(Requests(60'000, kMeanUs, 1)));
  CHECK(analysis.verdict.model == model::ModelAxis::kAccurate);
  CHECK(analysis.verdict.slo == model::SloAxis::kUnknown);
  CHECK(analysis.verdict.cause == model::Cause::kNone);
  CHECK(analysis.samples_used < 60'000);
  REQUIRE(analysis.model_settled.has_value());
  CHECK(analysis.model_settled->samples == analysis.samples_used);
  CHECK(analysis.seconds_used == Approx(static_cast<double>(analysis.samples_used) * 0.005).epsilon(0.02));
}

TEST_CASE("a shadow 40 % slower is off the prediction within a few hundred samples") {
  const Analysis analysis = Analyze(Input(Requests(20'000, 1.4 * kMeanUs, 2)));
  CHECK(analysis.verdict.model == model::ModelAxis::kOff);
  CHECK(analysis.verdict.cause == model::Cause::kModelInaccurate);
  CHECK(analysis.samples_used < 5'000);
  CHECK(analysis.verdict.reason.find("OFF") != std::string::npos);
}

TEST_CASE("with a limit the objective is judged too, and each axis tells when it was settled") {
  AnalyzeInput input = Input(Requests(60'000, kMeanUs, 3));
  input.limit = Limit(1.5 * kP95Us);
  const Analysis holds = Analyze(input);
  CHECK(holds.verdict.slo == model::SloAxis::kHolds);
  CHECK(holds.verdict.model == model::ModelAxis::kAccurate);
  REQUIRE(holds.slo_settled.has_value());
  CHECK(holds.slo_settled->samples < holds.model_settled->samples);
  input.limit = Limit(0.6 * kP95Us);
  const Analysis fails = Analyze(input);
  CHECK(fails.verdict.slo == model::SloAxis::kFails);
  CHECK(fails.verdict.cause == model::Cause::kInsufficient);
}

TEST_CASE("too few samples settle nothing, and all of them were used") {
  const Analysis analysis = Analyze(Input(Requests(50, kMeanUs, 4)));
  CHECK(analysis.verdict.model == model::ModelAxis::kUnknown);
  CHECK(analysis.samples_used == 50);
  CHECK_FALSE(analysis.model_settled.has_value());
}

TEST_CASE("a prediction of the tail alone is judged by the tail") {
  AnalyzeInput input = Input(Requests(60'000, kMeanUs, 5));
  input.predicted =
      ParsePrediction(fmt::format(R"({{"latency_us": {{"p95": {}}}}})", kP95Us), "P.json").value();
  CHECK(Analyze(input).verdict.model == model::ModelAxis::kAccurate);
  input.samples = Requests(20'000, 1.5 * kMeanUs, 5);
  CHECK(Analyze(input).verdict.model == model::ModelAxis::kOff);
}

TEST_CASE("errors beyond the limit fail the objective") {
  AnalyzeInput input = Input(Requests(20'000, kMeanUs, 6, 0.08));
  input.limit = Limit(3 * kP95Us);
  CHECK(Analyze(input).verdict.slo == model::SloAxis::kFails);
}

TEST_CASE("shadows that do not stand for production leave the objective open") {
  AnalyzeInput input = Input(Requests(20'000, kMeanUs, 7));
  input.limit = Limit(2 * kP95Us);
  input.null = Requests(20'000, kMeanUs, 8);
  input.production = Requests(20'000, 2 * kMeanUs, 9);
  const Analysis analysis = Analyze(input);
  CHECK(analysis.verdict.reason.find("do not stand for production") != std::string::npos);
}

TEST_CASE("a pause of years in the recording is stepped over") {
  std::vector<RequestSample> samples = Requests(1'000, kMeanUs, 10);
  samples.push_back({8'000'000'000'000'000'000, 20'000, true});
  const Analysis analysis = Analyze(Input(std::move(samples)));
  CHECK(analysis.samples_used == 1'001);
}

TEST_CASE("predictions and samples that make no sense are refused") {
  for (const char* text :
       {"", "[1]", "{}", R"({"latency_us": 5})", R"({"latency_us": {}})", R"({"latency_us": {"p95": "x"}})",
        R"({"latency_us": {"p95": -1}})", R"({"latency_us": {"p95": 0}})",
        R"({"latency_us": {"p50": 9, "p95": 5}})", R"({"latency_us": {"p95": 5}, "error_rate": 2})",
        R"({"latency_us": {"p95": 1e300}})"}) {
    CAPTURE(text);
    CHECK(absl::IsInvalidArgument(ParsePrediction(text, "P.json").status()));
  }
  const auto fault = [](std::string_view rows) {
    return MessageOf(ParseRequests("time_us,latency_us,ok\n" + std::string(rows), "s.csv").status());
  };
  CHECK(fault("").find("no rows") != std::string::npos);
  CHECK(fault("5,10,1\n4,10,1\n").find("s.csv:3: time_us: it lies before") != std::string::npos);
  CHECK(fault("5,10,maybe\n").find("s.csv:2: ok: 'maybe'") != std::string::npos);
  CHECK(fault("5,1e12,1\n").find("s.csv:2: latency_us: too large") != std::string::npos);
  CHECK(ParseRequests("latency_us,ok,time_us\n10,true,1\n12,0,1\n", "s.csv").value().size() == 2);
}

}  // namespace shadowd::lab
