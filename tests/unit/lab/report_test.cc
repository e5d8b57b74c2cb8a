// The report from outcomes made by hand, so that each sentence can be checked.
#include "lab/report.h"

#include <catch2/catch.hpp>

#include "small_scene.h"

namespace shadowd::lab {
namespace {

bool Has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

sim::Spread Exactly(double value) {
  return {value, value, value};
}

PolicyOutcome Outcome(const std::string& name, double minutes, double hours) {
  PolicyOutcome outcome{.name = name};
  outcome.summary.seeds = 1;
  outcome.summary.slo_violation_minutes = Exactly(minutes);
  outcome.summary.instance_hours = Exactly(hours);
  outcome.summary.cost = Exactly(7.5 + minutes);
  outcome.play.step = std::chrono::minutes(1);
  for (int i = 0; i < 240; ++i) {
    sim::PlayStep step;
    step.demand_rps = 500 + i;
    step.serving = step.paid = step.wanted = 4 + i / 60;
    step.p_us = i == 100 ? 150'000 : 60'000;
    step.violation_share = i == 100 ? 1 : 0;
    step.upper_rps = name == "shadowd" ? 600 + i : -1;
    outcome.play.steps.push_back(step);
  }
  return outcome;
}

struct Made {
  sim::Scene scene = SmallDraft();
  Simulation simulation;

  Made() {
    scene.trace = {.name = "shop <1>",
                   .start = WallFromMicros(1'700'000'000'000'000),
                   .step = std::chrono::minutes(1),
                   .demand_rps = std::vector<double>(240, 500)};
    scene.events.push_back({.kind = sim::SceneEventKind::kDeploy, .at = std::chrono::hours(2), .size = 1.3});
    simulation.outcomes = {Outcome("shadowd", 2, 80), Outcome("hpa", 40, 100), Outcome("oracle", 0, 75)};
    simulation.outcomes[0].play.decisions.push_back({.at = std::chrono::hours(2),
                                                     .kind = "ADJUSTED",
                                                     .trigger = "NEW_VERSION",
                                                     .from = 4,
                                                     .planned = 5,
                                                     .to = 6,
                                                     .reason = "6 replicas hold & 5 do not"});
    simulation.needed.assign(240, 4);
    simulation.holds_rps.assign(240, 170);
  }
};

}  // namespace

TEST_CASE("the headlines say what was saved against whom") {
  const Made made;
  const auto lines = Headlines(made.scene, made.simulation);
  REQUIRE(lines.size() == 3);
  CHECK(lines[0] ==
        "Over 4.0 hours shadowd was over its SLO for 2.0 minutes, with 80 instance hours and 0.00 shadow "
        "hours; it costs 9.50 USD.");
  CHECK(lines[1] ==
        "hpa: 40.0 minutes with 100 instance hours; shadowd has 95 % fewer minutes at 80 % of its hours.");
  CHECK(lines[2] == "oracle: 0.0 minutes with 75 instance hours; shadowd used 107 % of its hours.");
}

TEST_CASE("minutes that are the same are not called fewer, and warnings come last") {
  Made made;
  made.simulation.outcomes[1].summary.slo_violation_minutes = Exactly(2);
  made.simulation.warnings = {"one thing", "another"};
  const auto lines = Headlines(made.scene, made.simulation);
  CHECK(lines[1] ==
        "hpa: 2.0 minutes with 100 instance hours; shadowd has as many minutes at 80 % of its hours.");
  CHECK(lines[3] == "Beware: one thing.");
  CHECK(lines[4] == "Beware: another.");
}

TEST_CASE("the page stands alone and tells demand, replicas, latency and decisions") {
  const Made made;
  const std::string html = ReportHtml(made.scene, made.simulation);
  CHECK(html.starts_with("<!DOCTYPE html>"));
  CHECK(html.ends_with("</body></html>\n"));
  for (const char* part : {"Demand, requests/s", "upper limit of the forecast", "Instances",
                           "Latency p95, ms", "limit 100 ms", "Over the SLO", ">INCONCLUSIVE<",
                           "deploy: each request costs +30 %", "6 replicas hold &amp; 5 do not",
                           "NEW_VERSION", "shop &lt;1&gt;", "Kubernetes&#39; HPA with its defaults"}) {
    CAPTURE(part);
    CHECK(Has(html, part));
  }
  for (const char* part : {"<script", "src=", "href=", "@import", "url(", "<1>", "nan", "inf<"}) {
    CAPTURE(part);
    CHECK_FALSE(Has(html, part));
  }
}

TEST_CASE("means over seeds carry their intervals") {
  Made made;
  made.simulation.outcomes[0].summary.seeds = 20;
  made.simulation.outcomes[0].summary.slo_violation_minutes = {2, 1.5, 2.5};
  const std::string html = ReportHtml(made.scene, made.simulation);
  CHECK(Has(html, "2.0 <small>1.5 to 2.5</small>"));
  CHECK(Has(html, "Means over 20 seeds"));
}

TEST_CASE("the chart alone is an SVG file") {
  const Made made;
  const std::string svg = ReportSvg(made.scene, made.simulation);
  CHECK(svg.starts_with("<svg xmlns="));
  CHECK(Has(svg, "ADJUSTED: 4 to 6"));
}

}  // namespace shadowd::lab
