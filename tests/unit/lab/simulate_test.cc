#include "lab/simulate.h"

#include <algorithm>
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
  for (const char* name : {"", "magic", "hpa:", "hpa:2", "hpa:x", "oracle:0.5", "shadowd:1"}) {
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
