// The parts of shadowctl that need no daemon: names, CSV, tables, the plot.
#include "columns.h"
#include "csv.h"
#include "describe.h"
#include "names.h"
#include "print.h"
#include "require_ok.h"

namespace shadowd::ctl {

TEST_CASE("Bare ids become full names, and full names stay") {
  CHECK(FullName(Noun::kService, "web", "").value() == "services/web");
  CHECK(FullName(Noun::kForecast, "web", "").value() == "services/web/forecast");
  CHECK(FullName(Noun::kTrial, "web-t12", "").value() == "services/web/trials/web-t12");
  CHECK(FullName(Noun::kTrial, "my-t-t3", "").value() == "services/my-t/trials/my-t-t3");
  CHECK(FullName(Noun::kShadow, "web-t12-a0-s1", "").value() ==
        "services/web/trials/web-t12/shadows/web-t12-a0-s1");
  CHECK(FullName(Noun::kDecision, "web-d9", "").value() == "services/web/decisions/web-d9");
  CHECK(FullName(Noun::kCost, "web-d9", "").value() == "services/web/costs/web-d9");
  CHECK(FullName(Noun::kInstance, "web-i7", "").value() == "services/web/instances/web-i7");
  CHECK(FullName(Noun::kModel, "web/3", "").value() == "services/web/models/3");
  CHECK(FullName(Noun::kModel, "3", "web").value() == "services/web/models/3");
  CHECK(FullName(Noun::kTrial, "services/a/trials/b", "").value() == "services/a/trials/b");
  CHECK(FullName(Noun::kTrial, "odd", "web").value() == "services/web/trials/odd");
  for (const char* id : {"odd", "t12", "-t12", "12", "", "web-t", "web-t12-s0"}) {
    CHECK_FALSE(FullName(Noun::kTrial, id, "").ok());
    CHECK_FALSE(FullName(Noun::kShadow, id, "").ok());
  }
}

TEST_CASE("A history is read from CSV, with points where a row has what one needs") {
  const auto history = ParseHistory(
      "time,rps,instances,p95_us,cpu_cores\n"
      "1700000000,100,4,40000,0.5\n"
      "2023-11-14T22:13:30Z,120,,,\r\n"
      "\n"
      "1700000020.5, 0 ,4,1,0\n",
      "h.csv");
  REQUIRE_OK(history);
  REQUIRE(history->demand.size() == 3);
  CHECK(history->demand[1].time().seconds() == 1'700'000'010);
  CHECK(history->demand[2].time().nanos() == 500'000'000);
  REQUIRE(history->points.size() == 1);
  CHECK(history->points[0].load_rps() == 25);
  CHECK(history->points[0].p95_us() == 40'000);
  CHECK_FALSE(history->points[0].has_p99_us());
  CHECK(history->points[0].requests() == Approx(25 * 10.25));
}

TEST_CASE("A trace is a history too: the column value, gaps, and columns that mean nothing here") {
  const auto history =
      ParseHistory("timestamp,value,zone\n1700000000,5,a\n1700000060,,a\n1700000120,7,b\n", "t.csv");
  REQUIRE_OK(history);
  REQUIRE(history->demand.size() == 2);
  CHECK(history->demand[1].time().seconds() == 1'700'000'120);
  CHECK(history->points.empty());
  CHECK(history->unused_columns == std::vector<std::string>{"zone"});
  CHECK(ParseHistory("time,value,reqs\n1,5,6\n", "t.csv", "reqs")->demand[0].rps() == 6);
  // The demand of a row may be unknown where its point is not.
  const auto point = ParseHistory("time,rps,load_rps,p95_us\n1,,20,4000\n61,10,,\n", "t.csv");
  REQUIRE_OK(point);
  CHECK(point->demand.size() == 1);
  REQUIRE(point->points.size() == 1);
  CHECK(point->points[0].requests() == Approx(20 * 60));
}

TEST_CASE("A bad CSV is refused with its line") {
  const auto error = [](const char* text) { return MessageOf(ParseHistory(text, "h.csv").status()); };
  CHECK(error("") == "h.csv: the file is empty");
  CHECK(error("time,rps\n") == "h.csv: no rows");
  CHECK(error("time,rps\n1,\n") == "h.csv: no row has a value");
  CHECK(error("1700000000,5\n").find("h.csv:1: there is no column 'timestamp'") == 0);
  CHECK(error("time\n1\n").find("h.csv:1:") == 0);
  CHECK(error("time,rps,rps\n").find("twice") != std::string::npos);
  CHECK(error("time,rps\n1,2\n1,3\n").find("h.csv:3:") == 0);
  CHECK(error("time,rps\n1,-2\n").find("h.csv:2: rps: '-2'") == 0);
  CHECK(error("time,rps\n1,nan\n").find("h.csv:2:") == 0);
  CHECK(error("time,rps\nyesterday,2\n").find("h.csv:2: time: 'yesterday'") == 0);
  CHECK(error("time,rps,instances,p95_us\n1,2,3,fast\n").find("h.csv:2: p95_us: 'fast'") == 0);
}

TEST_CASE("Tables align their columns") {
  CHECK(Table({"A", "LONG"}, {{"xyz", "1"}, {"µs", "2"}}) == "A    LONG\nxyz  1\nµs   2\n");
}

TEST_CASE("YAML keeps strings that look like numbers") {
  CHECK(ToYaml({{"version", "1"}, {"n", 1}, {"list", {true, nullptr}}}) ==
        "version: \"1\"\nn: 1\nlist:\n  - true\n  - ~\n");
}

TEST_CASE("The plot shows expected demand between its limits, and now") {
  v1::Forecast forecast;
  forecast.mutable_step()->set_seconds(10);
  forecast.set_last_observed_rps(50);
  for (int i = 0; i < 8; ++i) {
    auto* step = forecast.add_steps();
    step->set_expected_rps(50);
    step->set_lower_rps(25);
    step->set_upper_rps(100);
  }
  const std::string plot = PlotForecast(forecast, 72, 5);
  CHECK(plot.find("     100 | --------\n") == 0);
  CHECK(plot.find(" |o********\n") != std::string::npos);
  CHECK(plot.find(" | --------\n", 20) != std::string::npos);
  CHECK(plot.find("+80 s") != std::string::npos);
  forecast.clear_steps();
  CHECK(PlotForecast(forecast, 72, 5) == "  (no steps)\n");
}

TEST_CASE("A decision is described with its arms and the reason in words") {
  v1::Decision decision;
  decision.set_name("services/web/decisions/web-d1");
  decision.set_kind(v1::Decision::ADJUSTED);
  decision.set_reason("4 would not hold, 5 does");
  auto* arm = decision.add_arms();
  arm->set_level(5);
  arm->set_role(v1::Arm::CANDIDATE);
  auto* kpi = arm->mutable_verdict()->add_kpis();
  kpi->set_kpi(v1::KpiDelta::LATENCY_P95);
  kpi->set_predicted(40'000);
  kpi->set_measured(65'000);
  kpi->set_delta(0.625);
  kpi->set_model(v1::ArmVerdict::OFF);
  kpi->set_slo(v1::KpiDelta::HOLDS);
  const std::string text = Describe(decision);
  CHECK(text.find("4 would not hold, 5 does") != std::string::npos);
  CHECK(text.find("LATENCY_P95") != std::string::npos);
  CHECK(text.find("40.0 ms") != std::string::npos);
  CHECK(text.find("+62.5 %") != std::string::npos);
  CHECK(text.find("HOLDS") != std::string::npos);
}

TEST_CASE("A KPI that nothing was predicted for is a dash, not a zero") {
  v1::Decision decision;
  auto* arm = decision.add_arms();
  arm->set_level(5);
  auto* p99 = arm->mutable_verdict()->add_kpis();
  p99->set_kpi(v1::KpiDelta::LATENCY_P99);
  p99->set_measured(81'000);
  auto* errors = arm->mutable_verdict()->add_kpis();
  errors->set_kpi(v1::KpiDelta::ERROR_RATE);
  const std::string text = Describe(decision);
  CHECK(text.find("0.0 ms") == std::string::npos);
  CHECK(text.find("81.0 ms") != std::string::npos);
  CHECK(text.find("0.00 %") != std::string::npos);  // no errors are something that was seen
  CHECK(text.find("+0.0 %") == std::string::npos);
}

}  // namespace shadowd::ctl
