#include "lab/simulate.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "lab/simulate_command.h"
#include "require_ok.h"
#include "small_scene.h"

namespace shadowd::lab {
namespace {

double NoClock() {
  return 0;
}

sim::Scene SmallScene(const std::vector<std::string>& events = {}) {
  return MakeScene(SmallDraft(), SmallHistory(), {.name = "small", .events = events}).value();
}

}  // namespace

TEST_CASE("a scene is the scaled trace cut in two, with its events in order") {
  const auto scene = MakeScene(SmallDraft(), SmallHistory(),
                               {.name = "small",
                                .peak_rps = 500,
                                .history_share = 0.25,
                                .events = {"failure:3h:2", "deploy:10%:+30%"}});
  REQUIRE_OK(scene);
  CHECK(scene->trace.name == "small");
  CHECK(ToSeconds(scene->history.length()) == Approx(2 * 3600).margin(60));
  CHECK(*std::max_element(scene->trace.demand_rps.begin(), scene->trace.demand_rps.end()) == Approx(500));
  REQUIRE(scene->events.size() == 2);
  CHECK(scene->events[0].kind == sim::SceneEventKind::kDeploy);
  CHECK(scene->events[0].size == Approx(1.3));
  const auto as_it_is = MakeScene(SmallDraft(), SmallHistory(), {.name = "small", .peak_rps = 0});
  REQUIRE_OK(as_it_is);
  CHECK(*std::max_element(as_it_is->trace.demand_rps.begin(), as_it_is->trace.demand_rps.end()) ==
        Approx(1000).epsilon(0.01));
}

TEST_CASE("policies that are not known, events outside and objectives that cannot be met are refused") {
  const sim::Scene scene = SmallScene();
  for (const char* name :
       {"", "magic", "hpa:", "hpa:2", "hpa:x", "oracle:0.5", "shadowd:1", "hpa-tuned:0.5"}) {
    CAPTURE(name);
    CHECK(absl::IsInvalidArgument(Simulate(scene, {.policies = {name}}, NoClock).status()));
  }
  CHECK(MessageOf(Simulate(scene, {.policies = {"magic"}}, NoClock).status()).find("weekly-offset") !=
        std::string::npos);
  CHECK_FALSE(Simulate(scene, {}, NoClock).ok());
  CHECK_FALSE(MakeScene(SmallDraft(), SmallHistory(), {.events = {"deploy:9h:+30%"}}).ok());
  CHECK_FALSE(MakeScene(SmallDraft(), SmallHistory(), {.events = {"party:50%"}}).ok());
  sim::Scene impossible = scene;
  impossible.spec.slo.latency_limit = std::chrono::milliseconds(1);
  CHECK_FALSE(Simulate(impossible, {.policies = {"hpa"}}, NoClock).ok());
}

TEST_CASE("policies are played side by side, each as often as there are seeds, and once when named twice") {
  const sim::Scene scene = SmallScene();
  const auto simulation =
      Simulate(scene, {.policies = {"hpa", "hpa:0.3", "static-peak", "oracle", "hpa"}, .seeds = 2}, NoClock);
  REQUIRE_OK(simulation);
  REQUIRE(simulation->outcomes.size() == 4);
  CHECK(simulation->needed.size() == scene.trace.demand_rps.size());
  for (const PolicyOutcome& outcome : simulation->outcomes) {
    CAPTURE(outcome.name);
    CHECK(outcome.summary.seeds == 2);
    CHECK(outcome.play.steps.size() == scene.trace.demand_rps.size());
    CHECK(outcome.summary.instance_hours.mean > 0);
  }
  // Half the target takes about twice the instances.
  CHECK(simulation->outcomes[1].summary.instance_hours.mean >
        1.5 * simulation->outcomes[0].summary.instance_hours.mean);
}

TEST_CASE("an HPA tuned in hindsight has the target of the grid that costs least") {
  sim::Scene scene = SmallScene({"deploy:50%:+30%"});
  std::vector<std::string> names = {"hpa-tuned"};
  for (int percent = 30; percent <= 85; percent += 5) {
    names.push_back(fmt::format("hpa:{:.2f}", percent / 100.0));
  }
  for (const double per_minute : {0.0, 0.05, 100.0}) {
    scene.spec.prices.violation_per_minute = per_minute;
    const SimulateOptions options{.policies = names, .seed = 3};
    const auto simulation = Simulate(scene, options, NoClock);
    REQUIRE_OK(simulation);
    const PolicyOutcome& tuned = simulation->outcomes[0];
    REQUIRE(tuned.target);
    double least = 1e18;
    for (size_t i = 1; i < names.size(); ++i) {
      const double cost = simulation->outcomes[i].summary.cost.mean;
      CHECK_FALSE(simulation->outcomes[i].target);
      CHECK(tuned.summary.cost.mean <= cost);
      least = std::min(least, cost);
    }
    CHECK(tuned.summary.cost.mean == least);
    const auto json = ToJson(scene, *simulation, options)["policies"]["hpa-tuned"];
    CHECK(json["target"] == *tuned.target);
    CHECK(ToText(scene, *simulation).find(fmt::format("hpa-tuned (CPU {:.0f} %)", *tuned.target * 100)) !=
          std::string::npos);
    if (per_minute == 0) {  // nothing speaks against the busiest instances
      CHECK(*tuned.target == Approx(0.85));
    } else if (per_minute == 100) {
      CHECK(*tuned.target < 0.7);
    }
  }
}

TEST_CASE("what to know before believing the figures is said") {
  const auto warned = [](const sim::Scene& scene, const std::string& words) {
    const auto simulation = Simulate(scene, {.policies = {"static-peak"}}, NoClock);
    REQUIRE_OK(simulation);
    return std::any_of(simulation->warnings.begin(), simulation->warnings.end(),
                       [&](const std::string& w) { return w.find(words) != std::string::npos; });
  };
  sim::Scene scene = SmallScene();
  CHECK(warned(scene, "only 4.0 hours of history"));
  CHECK_FALSE(warned(scene, "not known"));
  std::fill_n(scene.trace.demand_rps.begin() + 8, 40, std::nan(""));
  CHECK(warned(scene, "for 10.0 minutes of what is played demand is not known"));
  CHECK_FALSE(warned(scene, "zero"));
  std::fill(scene.trace.demand_rps.begin(), scene.trace.demand_rps.end(), 0);
  CHECK(warned(scene, "demand is zero throughout what is played"));
  scene.spec.bounds.max = 2;
  std::fill(scene.trace.demand_rps.begin(), scene.trace.demand_rps.end(), 2000);
  CHECK(warned(scene, "more than bounds.max = 2"));
  scene.history.demand_rps.assign(4 * 60 * 48, 100);
  CHECK_FALSE(warned(scene, "hours of history"));
}

TEST_CASE("the same seed gives the same figures, whoever plays before") {
  const sim::Scene scene = SmallScene({"deploy:50%:+30%"});
  const auto alone = Simulate(scene, {.policies = {"hpa"}, .seed = 7}, NoClock);
  const auto after = Simulate(scene, {.policies = {"oracle", "hpa"}, .seed = 7}, NoClock);
  REQUIRE_OK(alone);
  REQUIRE_OK(after);
  CHECK(alone->outcomes[0].summary.cost.mean == after->outcomes[1].summary.cost.mean);
  CHECK(alone->outcomes[0].summary.slo_violation_minutes.mean ==
        after->outcomes[1].summary.slo_violation_minutes.mean);
}

TEST_CASE("the answer for scripts has the pinned fields, and intervals with several seeds") {
  const sim::Scene scene = SmallScene({"deploy:50%:+30%"});
  const SimulateOptions options{.policies = {"hpa", "oracle"}, .seeds = 3};
  const auto simulation = Simulate(scene, options, NoClock);
  REQUIRE_OK(simulation);
  const auto json = ToJson(scene, *simulation, options);
  for (const char* field : {"slo_violation_minutes", "instance_hours", "shadow_instance_hours",
                            "scale_actions", "false_scale_outs", "cost"}) {
    CAPTURE(field);
    CHECK(json["policies"]["hpa"][field].is_number());
    CHECK(json["policies"]["hpa"]["intervals"][field].size() == 2);
  }
  CHECK(json["events"][0]["kind"] == "deploy");
  CHECK(json["trace"] == "small");
  const std::string text = ToText(scene, *simulation);
  CHECK(text.find("POLICY") != std::string::npos);
  CHECK(text.find("oracle") != std::string::npos);
}

}  // namespace shadowd::lab
