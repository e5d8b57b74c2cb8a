#include "sim/scene_check.h"

#include <catch2/catch.hpp>
#include <functional>

#include "require_ok.h"
#include "scenes.h"

namespace shadowd::sim {
namespace {

using namespace std::chrono_literals;

TEST_CASE("a scene that cannot be played is refused with the part that is wrong") {
  const Scene good = SceneOf({1, 2, 3}, {4});
  REQUIRE_OK(CheckScene(good));
  const auto field_of = [&](const std::function<void(Scene&)>& spoil) {
    Scene scene = good;
    spoil(scene);
    return FieldOf(CheckScene(scene));
  };
  CHECK(field_of([](Scene& s) { s.spec.bounds.min = 0; }) == "bounds");
  CHECK(field_of([](Scene& s) { s.spec.bounds.max = 0; }) == "bounds");
  CHECK(field_of([](Scene& s) { s.plant.slots = 0; }) == "plant");
  CHECK(field_of([](Scene& s) { s.plant.service_ms = 0; }) == "plant");
  CHECK(field_of([](Scene& s) { s.trace.demand_rps.clear(); }) == "trace");
  CHECK(field_of([](Scene& s) { s.history.step = 60s; }) == "history");
  CHECK(field_of([](Scene& s) { s.contention = -1; }) == "scene");
  CHECK(field_of([](Scene& s) { s.start_failure = 1; }) == "scene");
  CHECK(field_of([](Scene& s) { s.metric_loss = 1.5; }) == "scene");
  CHECK(field_of([](Scene& s) { s.events = {{SceneEventKind::kShift, 45s, 2, {}}}; }) == "event");
  CHECK(field_of([](Scene& s) {
          s.events = {{SceneEventKind::kShift, 30s, 2, {}}, {SceneEventKind::kDeploy, 15s, 2, {}}};
        }) == "event");
}

TEST_CASE("an SLO that no number of instances holds is refused, one that max does not hold is warned of") {
  Scene scene = SceneOf({100, 9000, 9000});
  LoadTable table(scene.plant);
  CapacityTable capacity(scene, table);
  REQUIRE_OK(CheckSlo(scene, capacity));
  const std::optional<std::string> warning = CapacityWarning(scene, capacity);
  REQUIRE(warning);
  CHECK(warning->find("for 0.5 minutes demand is more than bounds.max = 40 instances hold") !=
        std::string::npos);
  CHECK_FALSE(CapacityWarning(SceneOf({100}), capacity));

  scene.spec.slo.latency_limit = 15ms;
  CapacityTable hopeless(scene, table);
  const Status status = CheckSlo(scene, hopeless);
  CHECK(FieldOf(status) == "slo");
  CHECK(std::string(status.message()).find("no number of instances holds a p95 of 15 ms") !=
        std::string::npos);
}

TEST_CASE("plays start with what held the last hour of history") {
  Scene scene = SceneOf({2000}, std::vector<double>(1000, 2000));
  std::fill(scene.history.demand_rps.end() - 240, scene.history.demand_rps.end(), 500);
  LoadTable table(scene.plant);
  CapacityTable capacity(scene, table);
  CHECK(InitialLevel(scene, capacity) == capacity.SmallestLevel(500, 1, 1, 40).level);
  scene.history.demand_rps.clear();
  CHECK(InitialLevel(scene, capacity) == capacity.SmallestLevel(2000, 1, 1, 40).level);
  scene.spec.bounds.max = 3;
  CHECK(InitialLevel(scene, capacity) == 3);
}

}  // namespace
}  // namespace shadowd::sim
