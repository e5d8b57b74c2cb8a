// The claims over figures made by hand, one on each side of every border, and the real program on a small
// trace.
#include "bench/claims.h"

#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "run_program.h"
#include "unit/store/temp_directory.h"

namespace shadowd::bench {
namespace {

enum { kHpa, kTuned, kWeekly, kForecast, kShadows, kHours, kSpeed };

// All claims hold, each just so.
Row Good() {
  Row row{.trace = "t", .deploy = true, .hours = 168, .noise = 0.05, .cpu_seconds_per_week = 4.99, .of = {}};
  row.of["shadowd"] = {10, 900, 18, 50};
  row.of["forecast-only"] = {20, 900, 0, 40};
  row.of["hpa"] = {100, 1000, 0, 90};
  row.of["hpa-tuned"] = {10.1, 900, 0, 90, 0.5};
  row.of["weekly-offset"] = {10, 1125, 0, 90};
  row.of["oracle"] = {0, 900 / 1.15 + 1e-9, 0, 20};
  row.of["oracle-distribution"] = {5, 850, 0, 20};
  return row;
}

void CheckOnlyMissed(const Row& row, size_t missed) {
  const auto judgements = Judge(row);
  for (size_t i = 0; i < kClaims; ++i) {
    INFO(Claims()[i].name << ": " << judgements[i].figures);
    CHECK(judgements[i].verdict == (i == missed ? Verdict::kMissed : Verdict::kMet));
  }
}

TEST_CASE("a row on the good side of every border meets all claims") {
  CheckOnlyMissed(Good(), kClaims);
}

TEST_CASE("each claim is missed beyond its border and by no other figure") {
  Row row = Good();
  SECTION("less than 90 % fewer minutes than HPA") {
    row.of["hpa"].violation_minutes = 99;
    CheckOnlyMissed(row, kHpa);
  }
  SECTION("over 90 % of the hours of an HPA that loses much") {
    row.of["hpa"].instance_hours = 999;
    CheckOnlyMissed(row, kHpa);
  }
  SECTION("over a minute more than an HPA that loses little, whatever the hours") {
    row.of["hpa"] = {9, 500, 0, 1};
    CheckOnlyMissed(row, kClaims);
    row.of["hpa"].violation_minutes = 8.9;
    CheckOnlyMissed(row, kHpa);
  }
  SECTION("as many minutes as the tuned HPA") {
    row.of["hpa-tuned"].violation_minutes = 10;
    CheckOnlyMissed(row, kTuned);
  }
  SECTION("more hours than the tuned HPA") {
    row.of["hpa-tuned"].instance_hours = 899;
    CheckOnlyMissed(row, kTuned);
  }
  SECTION("more minutes than weekly offset") {
    row.of["weekly-offset"].violation_minutes = 9.9;
    CheckOnlyMissed(row, kWeekly);
  }
  SECTION("less than 20 % fewer hours than a wasteful weekly offset") {
    row.of["weekly-offset"].instance_hours = 1100;
    CheckOnlyMissed(row, kWeekly);
    row.of["weekly-offset"].instance_hours = 1000;  // not wasteful: 1.28 times the oracle's
    CheckOnlyMissed(row, kClaims);
  }
  SECTION("over half the minutes without trials, where there is a deploy") {
    row.of["forecast-only"].violation_minutes = 19.9;
    CheckOnlyMissed(row, kForecast);
    row.deploy = false;
    CHECK(Judge(row)[kForecast].verdict == Verdict::kNotConcerned);
  }
  SECTION("over 2 % of shadow hours") {
    row.of["shadowd"].shadow_hours = 18.1;
    CheckOnlyMissed(row, kShadows);
  }
  SECTION("farther from the oracle's hours than the noise allows") {
    row.of["oracle"].instance_hours = 750;
    CheckOnlyMissed(row, kHours);
    row.noise = 0.06;
    CheckOnlyMissed(row, kClaims);
    row.of["oracle"].instance_hours = 640;
    row.of["weekly-offset"].instance_hours = 1200;
    CheckOnlyMissed(row, kHours);
  }
  SECTION("five seconds a week") {
    row.cpu_seconds_per_week = 5;
    CheckOnlyMissed(row, kSpeed);
  }
}

TEST_CASE("nothing is better than none, and no share of nothing is large") {
  Row row = Good();
  for (auto& [policy, figures] : row.of) {
    figures.violation_minutes = 0;
  }
  CheckOnlyMissed(row, kClaims);
}

TEST_CASE("noise is how far demand is from its half hour, gaps left out") {
  sim::Trace trace;
  trace.step = std::chrono::minutes(1);
  for (int i = 0; i < 1000; ++i) {
    trace.demand_rps.push_back(i % 50 == 7 ? std::nan("") : 100 + (i % 2 == 0 ? 20 : -20));
  }
  CHECK(Noise(trace) == Approx(0.2).margin(0.01));
  for (size_t i = 0; i < trace.demand_rps.size(); ++i) {
    trace.demand_rps[i] = 100 + static_cast<double>(i);
  }
  CHECK(Noise(trace) < 0.002);
  trace.demand_rps.assign(10, 0);
  CHECK(Noise(trace) == 0);
}

TEST_CASE("the program plays a trace with and without a deploy and counts what holds") {
  const TempDirectory directory;
  {
    std::ofstream csv(directory / "wave.csv");
    csv << "time,rps\n";
    for (int i = 0; i <= 240; ++i) {
      csv << fmt::format("{},{:.1f}\n", 1'700'000'000 + i * 60, 600 - 400 * std::cos(i * 0.0524));
    }
  }
  const std::string program = std::string(BENCH_BACK_TEST) + " --traces " + directory.path();
  const ProgramResult result = RunProgram(program + " --only wave absent --json 2>/dev/null");
  REQUIRE(result.code == 0);
  const auto json = nlohmann::json::parse(result.out);
  REQUIRE(json["rows"].size() == 2);
  CHECK(json["rows"][0]["deploy"] == false);
  CHECK(json["rows"][1]["deploy"] == true);
  CHECK(json["rows"][1]["hours"].get<double>() == Approx(2).margin(0.1));
  for (const char* policy : kPolicies) {
    CHECK(json["rows"][0]["policies"][policy]["instance_hours"].get<double>() > 0);
  }
  CHECK(json["rows"][0]["policies"]["hpa-tuned"]["target"].is_number());
  CHECK(json["claims"]["forecast-only"]["rows"] == 1);
  CHECK(json["claims"]["hpa"]["rows"] == 2);
  CHECK(json["absent"] == nlohmann::json::array({"absent"}));
  const ProgramResult none = RunProgram(program + " 2>&1");
  CHECK(none.code == 0);
  CHECK(none.out.find("no traces to play: there are none in ") != std::string::npos);
}

}  // namespace
}  // namespace shadowd::bench
