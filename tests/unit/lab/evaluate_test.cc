#include "lab/evaluate.h"

#include <cmath>
#include <limits>

#include "base/rng.h"
#include "require_ok.h"

namespace shadowd::lab {
namespace {

constexpr double kGap = std::numeric_limits<double>::quiet_NaN();

double NoCpu() {
  return 0;
}

// Days of 48 steps with noise.
sim::Trace Daily(size_t steps, uint64_t seed = 1) {
  Rng rng(seed);
  sim::Trace trace{.name = "daily",
                   .start = WallFromMicros(1'700'000'000'000'000),
                   .step = std::chrono::minutes(30),
                   .demand_rps = {}};
  for (size_t t = 0; t < steps; ++t) {
    trace.demand_rps.push_back(300 + 100 * std::sin(static_cast<double>(t) * 2 * 3.14159265 / 48) +
                               5 * rng.Normal());
  }
  return trace;
}

}  // namespace

TEST_CASE("a day that repeats is forecast far better than by repeating yesterday") {
  const auto evaluation = EvaluateTrace(Daily(48 * 20), {}, NoCpu);
  REQUIRE_OK(evaluation);
  CHECK(evaluation->horizon == 2);
  CHECK(evaluation->scores.origins == 50);
  CHECK(evaluation->scores.steps == 100);
  CHECK(evaluation->scores.mase.value() < 0.9);
  CHECK(evaluation->scores.coverage > 0.85);
  CHECK(evaluation->scores.smape < 3);
  CHECK(evaluation->scale == Approx(5 * std::sqrt(2.0) * std::sqrt(2 / 3.14159265)).epsilon(0.15));
  CHECK_FALSE(evaluation->owa.has_value());
}

TEST_CASE("nothing that comes at or after an origin changes its forecast") {
  // With one origin the truth behind it is scored, but must not be known.
  sim::Trace trace = Daily(480), other = trace;
  const EvaluateOptions one{.horizon = 4, .origins = 1};
  const size_t origin = 336;
  for (size_t t = origin + 4; t < other.demand_rps.size(); ++t) {
    other.demand_rps[t] = 9'000;
  }
  const auto a = EvaluateTrace(trace, one, NoCpu), b = EvaluateTrace(other, one, NoCpu);
  REQUIRE_OK(a);
  REQUIRE_OK(b);
  CHECK(a->scores.smape == b->scores.smape);
  CHECK(a->scores.msis == b->scores.msis);
  // And what is scored itself: only the truth differs, so the limits' width stays.
  for (size_t t = origin; t < origin + 4; ++t) {
    other.demand_rps[t] = trace.demand_rps[t] * 1.01;
  }
  const auto c = EvaluateTrace(other, one, NoCpu);
  REQUIRE_OK(c);
  CHECK(c->scores.mean_relative_width.value() * 1.01 == Approx(a->scores.mean_relative_width.value()));
}

TEST_CASE("what was said stands beside what came, and progress is told") {
  const sim::Trace trace = Daily(480);
  std::vector<int> told;
  const auto evaluation = EvaluateTrace(trace, {.horizon = 4, .origins = 3}, NoCpu, [&](int done, int most) {
    told.push_back(done);
    CHECK(most == 3);
  });
  REQUIRE_OK(evaluation);
  CHECK(told == std::vector<int>{1, 2, 3});
  const ScoredPath& path = evaluation->path;
  CHECK(path.start == trace.start + trace.step * 336);
  REQUIRE(path.observed.size() == 144);  // all of the test part
  CHECK(path.observed[7] == trace.demand_rps[343]);
  size_t said = 0, outside = 0;
  for (size_t i = 0; i < path.expected.size(); ++i) {
    said += std::isnan(path.expected[i]) ? 0 : 1;
    outside += path.observed[i] > path.upper[i] || path.observed[i] < path.lower[i] ? 1 : 0;
  }
  CHECK(said == 12);
  CHECK(1 - static_cast<double>(outside) / 12 == Approx(evaluation->scores.coverage));
}

TEST_CASE("the same trace gives the same scores") {
  const auto a = EvaluateTrace(Daily(500), {}, NoCpu), b = EvaluateTrace(Daily(500), {}, NoCpu);
  REQUIRE_OK(a);
  REQUIRE_OK(b);
  CHECK(a->scores.msis == b->scores.msis);
  CHECK(a->plan_peak_margin == b->plan_peak_margin);
}

TEST_CASE("gaps are not observed, and are counted where they are scored") {
  sim::Trace trace = Daily(500);
  for (size_t t = 340; t < 352; ++t) {
    trace.demand_rps[t] = kGap;
  }
  const auto evaluation = EvaluateTrace(trace, {.horizon = 4}, NoCpu);
  REQUIRE_OK(evaluation);
  CHECK(evaluation->gap_steps_scored > 0);
  CHECK(evaluation->scores.mase.value() < 3);
}

TEST_CASE("only the last part of a long trace counts, and origins are spread over the test part") {
  const auto evaluation = EvaluateTrace(Daily(21'000), {.origins = 3, .window_days = 7}, NoCpu);
  REQUIRE_OK(evaluation);
  CHECK(evaluation->points == 20'000);
  CHECK(evaluation->scores.origins == 3);
}

TEST_CASE("zero demand and a constant one give no nonsense numbers") {
  sim::Trace trace = Daily(200);
  for (double& v : trace.demand_rps) {
    v = 0;
  }
  const auto evaluation = EvaluateTrace(trace, {}, NoCpu);
  REQUIRE_OK(evaluation);
  CHECK_FALSE(evaluation->scores.mase.has_value());
  CHECK_FALSE(evaluation->scores.mean_upper_margin.has_value());
  CHECK(evaluation->scores.coverage == 1);
}

TEST_CASE("a trace that is too short says what is needed") {
  const auto few = EvaluateTrace(Daily(30), {}, NoCpu);
  CHECK(absl::IsInvalidArgument(few.status()));
  CHECK(MessageOf(few.status()).find("at least 24 to learn from") != std::string::npos);
  CHECK_FALSE(EvaluateTrace(Daily(100), {.horizon = 90}, NoCpu).ok());
}

TEST_CASE("a season that cannot have been learnt is refused, and one that just fits is not") {
  const auto fault = [](const EvaluateOptions& options) {
    return MessageOf(EvaluateTrace(Daily(480), options, NoCpu).status());
  };
  CHECK(
      fault({.seasons = {48, 169}, .origins = 1}) ==
      "daily: --season 169 is longer than half of the 336 steps known at the first forecast (at most 168): a "
      "season must have come twice to be learnt");
  CHECK(fault({.seasons = {480}}) ==
        "daily: --season 480 is not shorter than the whole history of 480 steps");
  CHECK(fault({.seasons = {48}, .window_days = 1.5}).find("half of the 73 steps") != std::string::npos);
  REQUIRE_OK(EvaluateTrace(Daily(480), {.seasons = {168}, .origins = 1}, NoCpu));
  const std::vector<NamedSeries> train{{"H1", Daily(100).demand_rps}}, test{{"H1", Daily(4).demand_rps}};
  CHECK(MessageOf(EvaluateSeries(train, test, {.seasons = {51}, .horizon = 4}, NoCpu).status())
            .find("series 'H1': --season 51 is longer than half of the 100 steps") == 0);
}

TEST_CASE("series are forecast once each, and scores are means over them") {
  std::vector<NamedSeries> train, test;
  for (const char* name : {"H1", "H2"}) {
    const sim::Trace trace = Daily(500, train.size() + 1);
    const auto cut = trace.demand_rps.begin() + 452;
    train.push_back({name, {trace.demand_rps.begin(), cut}});
    test.push_back({name, {cut, trace.demand_rps.end()}});
  }
  const EvaluateOptions options{.seasons = {48}, .horizon = 48};
  const auto both = EvaluateSeries(train, test, options, NoCpu);
  REQUIRE_OK(both);
  const auto first = EvaluateSeries(std::span(train).first(1), test, options, NoCpu);
  const auto second = EvaluateSeries(std::span(train).last(1), test, options, NoCpu);
  CHECK(both->series == 2);
  CHECK(both->scores.mase.value() == Approx((first->scores.mase.value() + second->scores.mase.value()) / 2));
  CHECK(both->scores.smape == Approx((first->scores.smape + second->scores.smape) / 2));
  CHECK(both->owa.value() == Approx((both->scores.smape / 18.383 + both->scores.mase.value() / 2.395) / 2));
  CHECK(both->scores.mase.value() < 1.2);
}

TEST_CASE("series without what followed, or with too little of it, are refused by name") {
  const sim::Trace trace = Daily(100);
  const std::vector<NamedSeries> train{{"H1", trace.demand_rps}};
  const auto fault = [&](const std::vector<NamedSeries>& test) {
    return MessageOf(EvaluateSeries(train, test, {.seasons = {48}, .horizon = 48}, NoCpu).status());
  };
  CHECK(fault({{"H2", {1}}}).find("'H1' is in the training file, but not") != std::string::npos);
  CHECK(fault({{"H1", {1, 2}}}).find("2 steps to test with") != std::string::npos);
}

TEST_CASE("the end of each series is held out") {
  const std::vector<NamedSeries> all{{"H1", Daily(100).demand_rps}, {"H2", Daily(72).demand_rps}};
  const auto parts = HoldOut(all, 48);
  REQUIRE_OK(parts);
  REQUIRE(parts->train.size() == 2);
  CHECK(parts->train[0].values.size() == 52);
  CHECK(parts->test[0].values.front() == all[0].values[52]);
  CHECK(parts->test[1].name == "H2");
  CHECK(parts->train[1].values.size() == 24);
  CHECK(MessageOf(HoldOut(all, 49).status()).find("series 'H2' has 72 steps: the last 49") == 0);
}

}  // namespace shadowd::lab
