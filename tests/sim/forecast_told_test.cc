// When a service's forecast is told to those who ask.
#include <catch2/catch.hpp>

#include "demo_world.h"

using namespace shadowd;
using namespace shadowd::sim;

TEST_CASE("a forecast is there once the history is fitted, and again after a restart, before any step ends") {
  World world(DemoOptions(7));
  model::ServiceSpec spec = DemoSpec(model::Mode::kAct, "1");
  spec.forecast.resolution = std::chrono::seconds(60);
  spec.forecast.seasons = {3};
  spec.forecast.horizon_steps = 5;
  REQUIRE(world.Send({kShop, ports::ApplyService{spec, ""}, 0, "test"})->ok());
  ports::ImportHistory history;
  const WallTime now = world.now().wall;
  for (int back = 200; back >= 1; --back) {
    history.demand_rps.emplace_back(now - std::chrono::seconds(60 * back), DemoDemand(-60 * back, 7));
  }
  REQUIRE(world.Send({kShop, history, 0, "test"})->ok());
  world.RunFor(std::chrono::seconds(2));
  REQUIRE(world.kept(kShop).forecast);
  CHECK(world.kept(kShop).forecast->steps.back().at > world.now().wall);
  world.Restart();
  CHECK_FALSE(world.kept(kShop).forecast);
  world.RunFor(std::chrono::seconds(2));
  REQUIRE(world.kept(kShop).forecast);
  CHECK(world.kept(kShop).forecast->steps.back().at > world.now().wall);
}

TEST_CASE("a forecast of times that are over is not published") {
  World world(DemoOptions(7));
  REQUIRE(world.Send({kShop, ports::ApplyService{DemoSpec(model::Mode::kAct, "1"), ""}, 0, "test"})->ok());
  ports::ImportHistory history;
  for (int back = 540; back >= 1; --back) {
    const WallTime at = world.now().wall - std::chrono::seconds(86'400 + back);
    history.demand_rps.emplace_back(at, DemoDemand(-back, 7));
  }
  REQUIRE(world.Send({kShop, history, 0, "test"})->ok());
  world.RunFor(std::chrono::milliseconds(500));
  CHECK_FALSE(world.kept(kShop).forecast);
}
