#include "bench/analysis_claims.h"

#include <fmt/format.h>

#include <array>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "bench/rank_judge.h"
#include "run_program.h"

namespace shadowd::bench {
namespace {

TEST_CASE("the rank test has the values of its references") {
  constexpr std::array<double, 4> kX = {1, 2, 2, 3}, kY = {2, 3, 4, 4};
  const RankTest ties = MannWhitney(kX, kY, kRankConfidenceZ);
  CHECK(ties.u == 2.5);
  CHECK(ties.sigma == Approx(3.338092).epsilon(1e-6));
  CHECK(ties.z == Approx(-1.497862).epsilon(1e-6));
  CHECK(ties.shift == -1);
  constexpr std::array<double, 5> kA = {12.1, 13.4, 15, 15, 18.2};
  constexpr std::array<double, 6> kB = {10, 11.5, 12.1, 13, 15, 9.8};
  const RankTest odd = MannWhitney(kA, kB, kRankConfidenceZ);
  CHECK(odd.u == 25.5);
  CHECK(odd.sigma == Approx(5.414627).epsilon(1e-6));
  CHECK(odd.z == Approx(1.846849).epsilon(1e-6));
  CHECK(odd.shift == Approx(2.9));
}

TEST_CASE("the judge's tolerance is a quarter of the shift itself") {
  CHECK(JudgeByRanks({.shift = 4, .low = 1.1, .high = 7}) == RankVerdict::kHigh);
  CHECK(JudgeByRanks({.shift = 4, .low = 0.9, .high = 7}) == RankVerdict::kPass);
  CHECK(JudgeByRanks({.shift = -4, .low = -7, .high = -1.1}) == RankVerdict::kLow);
}

TEST_CASE("claims are met up to their bounds and missed beyond, or without a trial") {
  const auto alarms = [](int trials, int count) {
    return JudgeFalseAlarms(std::array{FalseAlarms{"s", trials, 0, count, count}})[0].met;
  };
  CHECK(alarms(2000, 100));
  CHECK_FALSE(alarms(2000, 101));
  CHECK_FALSE(alarms(0, 0));
  const auto power = [](int right) { return JudgePower(std::array{Power{"p", 6000, 100, right, 0}})[0].met; };
  CHECK(power(90));
  CHECK_FALSE(power(89));
  const auto samples = [](double median, double ninth) {
    return JudgeSamples(std::array{Samples{95, 0, median, ninth, 1000, 2000, 0, 10}})[0].met;
  };
  CHECK(samples(1300, 2600));
  CHECK_FALSE(samples(1310, 2000));
  CHECK_FALSE(samples(1000, 2610));
  const auto tail = JudgeSamples(std::array{Samples{99, 30, 2501, 3000, 1800, 3100, 0, 10}});
  REQUIRE(tail.size() == 2);
  CHECK_FALSE(tail[1].met);
}

TEST_CASE("a curve is to be close, covered as often as it says, and never too sparing") {
  const auto judged = [](int close, int covered, int too_small) {
    std::string met;
    for (const AnalysisClaim& claim : JudgeCurve({200, close, covered, too_small, 0})) {
      met += claim.met ? "+" : "-";
    }
    return met;
  };
  CHECK(judged(180, 190, 10) == "+++");
  CHECK(judged(179, 190, 10) == "-++");
  CHECK(judged(180, 185, 10) == "+-+");
  CHECK(judged(180, 195, 10) == "+-+");
  CHECK(judged(180, 190, 11) == "++-");
}

TEST_CASE("the program judges every claim") {
  const std::string program =
      fmt::format("{} --trials 2 --power-trials 2 --sample-trials 2 --servers 1 --repeats 2", BENCH_ANALYSIS);
  const ProgramResult result = RunProgram(program + " power samples curve --json 2>/dev/null");
  REQUIRE(result.code == 0);
  const auto json = nlohmann::json::parse(result.out);
  CHECK(json["split"] == "final");
  CHECK(json["claims"].size() == 3 + 18 + 1 + 3);
  CHECK(json["cost_factors"].size() == 4);
  CHECK(RunProgram(program + " nonsense 2>&1").code != 0);
}

}  // namespace
}  // namespace shadowd::bench
