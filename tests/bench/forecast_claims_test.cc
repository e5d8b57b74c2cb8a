// The claims over figures made by hand, one on each side of every border; the splits on series whose values
// are their places; the tables of peers; and the real program on small data.
#include "bench/forecast_claims.h"

#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "bench/forecast_runs.h"
#include "require_ok.h"
#include "run_program.h"
#include "unit/store/temp_directory.h"

namespace shadowd::bench {
namespace {

bool Met(const std::vector<ForecastClaim>& claims, const std::string& name) {
  for (const ForecastClaim& claim : claims) {
    if (claim.name == name) {
      return claim.met;
    }
  }
  FAIL("no claim " << name);
  return false;
}

// All claims hold, each just so.
std::vector<TraceFigures> Good() {
  std::vector<TraceFigures> traces;
  for (int i = 0; i < 10; ++i) {
    traces.push_back(
        {"t", 50, 0.66, 6.0, 0.95, 0.93, 0.40, PeerScores{0.66, 6.0, 0.1}, PeerScores{0.66, 6.0, 0.1}});
  }
  return traces;
}

sim::Trace Counting(size_t n) {
  sim::Trace trace;
  trace.step = std::chrono::minutes(1);
  trace.start = WallTime(std::chrono::hours(1000));
  for (size_t i = 0; i < n; ++i) {
    trace.demand_rps.push_back(static_cast<double>(i));
  }
  return trace;
}

TEST_CASE("each claim about series holds up to its border") {
  const SeriesFigures good{0.44, 6.8, 0.94, 0.00499};
  for (const ForecastClaim& claim : JudgeSeries(good)) {
    INFO(claim.name << ": " << claim.figures);
    CHECK(claim.met);
  }
  CHECK_FALSE(Met(JudgeSeries({0.441, 6.8, 0.94, 0.004}), "M4 OWA"));
  CHECK_FALSE(Met(JudgeSeries({0.44, 6.81, 0.94, 0.004}), "M4 MSIS"));
  CHECK_FALSE(Met(JudgeSeries({0.44, 6.8, 0.939, 0.004}), "M4 coverage"));
  CHECK_FALSE(Met(JudgeSeries({0.44, 6.8, 0.961, 0.004}), "M4 coverage"));
  CHECK_FALSE(Met(JudgeSeries({0.44, 6.8, 0.95, 0.005}), "M4 speed"));
  CHECK(JudgeUpdate(19e-6).met);
  CHECK_FALSE(JudgeUpdate(20e-6).met);
  CHECK(JudgeMemory(39'999).met);
  CHECK_FALSE(JudgeMemory(40'000).met);
}

TEST_CASE("medians over the traces hold up to their borders") {
  std::vector<TraceFigures> traces = Good();
  for (const ForecastClaim& claim : JudgeTraces(traces)) {
    INFO(claim.name << ": " << claim.figures);
    CHECK(claim.met);
  }
  for (TraceFigures& trace : traces) {
    trace.mase = 0.661;
    trace.msis = 6.01;
    trace.coverage = 0.961;
    trace.margin = 0.41;
  }
  const auto claims = JudgeTraces(traces);
  for (const char* name : {"MASE", "MSIS", "coverage", "peaks", "R single", "R hindsight"}) {
    CHECK_FALSE(Met(claims, name));
  }
  CHECK(Met(claims, "coverage band"));
  CHECK(Median({3, 1, 2}) == 2);
  CHECK(Median({4, 1, 2, 9}) == 3);
}

TEST_CASE("shares of traces are counted, and a trace counts only where both scores are good") {
  std::vector<TraceFigures> traces = Good();
  traces[0].coverage = 0.899;
  CHECK(Met(JudgeTraces(traces), "coverage band"));
  traces[1].coverage = 0.986;
  CHECK_FALSE(Met(JudgeTraces(traces), "coverage band"));
  traces[0].single->mase = traces[1].single->msis = 0.1;
  CHECK(Met(JudgeTraces(traces), "R single"));
  traces[2].single->mase = 0.1;
  CHECK_FALSE(Met(JudgeTraces(traces), "R single"));
  for (size_t i = 0; i < 5; ++i) {
    traces[i].best->msis = 0.1;
  }
  CHECK(Met(JudgeTraces(traces), "R hindsight"));
  traces[5].best->mase = 0.1;
  CHECK_FALSE(Met(JudgeTraces(traces), "R hindsight"));
}

TEST_CASE("peaks are pooled over origins, and traces without peers are not compared") {
  std::vector<TraceFigures> traces = Good();
  traces[0].peak_coverage = 0.5;
  CHECK_FALSE(Met(JudgeTraces(traces), "peaks"));
  traces[0].origins = 0;
  CHECK(Met(JudgeTraces(traces), "peaks"));
  for (TraceFigures& trace : traces) {
    trace.single = trace.best = std::nullopt;
  }
  CHECK(JudgeTraces(traces).size() == 5);
}

TEST_CASE("validation ends where the final split begins to score") {
  const std::vector<lab::NamedSeries> series{{"H1", Counting(700).demand_rps}};
  const auto final_split = SplitSeries(series, Split::kFinal);
  const auto validation = SplitSeries(series, Split::kValidation);
  REQUIRE_OK(final_split);
  REQUIRE_OK(validation);
  const lab::HeldOut &last = *final_split, &before = *validation;
  CHECK(last.train[0].values.size() == 652);
  CHECK(last.test[0].values.front() == 652);
  CHECK(last.test[0].values.back() == 699);
  CHECK(before.train[0].values.size() == 604);
  CHECK(before.test[0].values.front() == 604);
  CHECK(before.test[0].values.back() == 651);
  const sim::Trace whole = PartOf(Counting(30'000), Split::kFinal);
  CHECK(whole.demand_rps.size() == 30'000);
  const sim::Trace part = PartOf(Counting(30'000), Split::kValidation);
  CHECK(part.demand_rps.size() == 14'000);  // 70 % of the last 20 000
  CHECK(part.demand_rps.front() == 10'000);
  CHECK(part.start == Counting(1).start + 10'000 * part.step);
}

TEST_CASE("peers are read by trace, of one method or the best") {
  const std::string csv =
      "\"trace\",\"method\",\"mase\",\"msis\",\"sec_mean\"\n\"a\",\"ets\",1,2,9\n\"a\",\"naive\",3,4,5\n";
  const auto table = ParsePeers(csv, "r.csv", "naive");
  REQUIRE_OK(table);
  REQUIRE(table->size() == 1);
  CHECK(table->at("a").mase == 3);
  CHECK(table->at("a").msis == 4);
  CHECK(table->at("a").seconds == 5);
  const std::string message = MessageOf(ParsePeers(csv, "r.csv", "stlf").status());
  CHECK(message == "r.csv: no row of the method 'stlf'");
  CHECK(MessageOf(ParseBestPeers("trace,mase,msis\na,x,1\n", "b.csv").status()).find("b.csv:2: mase") == 0);
  CHECK_FALSE(ParseBestPeers("trace,mase\na,1\n", "b.csv").ok());
}

TEST_CASE("the program scores series and traces, and without data it fails and says what is missing") {
  const TempDirectory directory, peers;
  {
    std::ofstream series(directory / "M4-hourly-train.csv"), trace(directory / "wave.csv");
    std::ofstream all(peers / "r_shared.csv"), best(peers / "r_best_shared.csv");
    series << "series,step,value\n";
    trace << "timestamp,value\n";
    for (int t = 1; t <= 600; ++t) {
      series << fmt::format("H1,{},{}\n", t, 100 + t % 24 + t % 7);
      trace << fmt::format("{},{}\n", 1'700'000'000 + 3600 * t, 100 + t % 24 + t % 7);
    }
    all << "trace,method,mase,msis,sec_mean\nwave,stlf_ets,1e9,1e9,1\n";
    best << "trace,mase,msis\nwave,0,0\n";
  }
  const std::string folder = directory.path();
  const std::string program =
      fmt::format("{} --traces {} --m4 {}/M4-hourly-train.csv", BENCH_FORECAST, folder, folder);
  const ProgramResult result = RunProgram(program + " --peers " + peers.path() + " --json 2>/dev/null");
  REQUIRE(result.code == 0);
  const auto json = nlohmann::json::parse(result.out);
  CHECK(json["split"] == "final");
  CHECK(json["m4"].size() == 2);
  REQUIRE(json["traces"].size() == 1);
  CHECK(json["traces"][0]["trace"] == "wave");
  CHECK(json["traces"][0]["r_single"]["mase"] == 1e9);
  CHECK(json["claims"].size() == 2 * 4 + 7 + 2);
  const ProgramResult validation = RunProgram(program + " traces --validation --json 2>/dev/null");
  REQUIRE(validation.code == 0);
  CHECK(nlohmann::json::parse(validation.out)["traces"][0]["r_single"].is_null());
  const ProgramResult none = RunProgram(program + " traces --peers " + folder + "/absent 2>&1");
  CHECK(none.code != 0);
  CHECK(none.out.find("absent/r_shared.csv") != std::string::npos);
  const ProgramResult empty = RunProgram(program + " traces --only nothing 2>&1");
  CHECK(empty.code != 0);
  CHECK(empty.out.find("no traces in") != std::string::npos);
}

}  // namespace
}  // namespace shadowd::bench
