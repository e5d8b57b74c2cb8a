#include "sim/window_production.h"

#include <catch2/catch.hpp>
#include <map>

using namespace shadowd;
using namespace shadowd::sim;

namespace {

const model::ServiceId kWeb("web");

MonoTime At(double seconds) {
  return MonoTime(FromSeconds(seconds));
}

ReplicaHost::Account Serving(int count, const std::string& version) {
  ReplicaHost::Account account;
  account.paid = count;
  for (int i = 1; i <= count; ++i) {
    account.turns.push_back({model::ReplicaId("web-i" + std::to_string(i)), version, 1, true});
  }
  return account;
}

struct Stage {
  Scene scene;
  LoadTable table;
  WindowProduction production;

  explicit Stage(double rps)
      : table(scene.plant),
        production(scene, Trace{"flat", WallTime(), std::chrono::seconds(15), std::vector<double>(40, rps)},
                   {{"1", 1.0}, {"2", 1.5}}, table, Rng(2)) {}

  ports::ProductionWindow Serve(int step, int count, const std::string& version = "1") {
    return production.Serve(kWeb, At(15 * step), At(15 * step + 15), WallTime(FromSeconds(15 * step)),
                            Serving(count, version));
  }
};

}  // namespace

TEST_CASE("a window of the trace's demand is served by those in the balancer, and accounted for") {
  Stage stage(300);
  for (int step = 0; step < 20; ++step) {
    const ports::ProductionWindow window = stage.Serve(step, 3);
    CHECK(static_cast<double>(window.service.offered) == Approx(4500).epsilon(0.08));
    CHECK(window.instances.size() == 3);
  }
  const std::vector<PlayStep>& steps = stage.production.steps();
  REQUIRE(steps.size() == 20);
  CHECK(steps.back().serving == 3);
  CHECK(steps.back().paid == 3);
  CHECK(steps.back().violation_share == 0);
  CHECK(steps.back().p_us > 20'000);
  CHECK(steps.back().p_us < 100'000);
}

TEST_CASE("too few instances are over the SLO, and so is a dearer version at the same load") {
  Stage few(300);
  few.Serve(0, 1);
  few.Serve(1, 1);
  CHECK(few.production.steps().back().violation_share == 1);
  Stage dearer(450);
  dearer.Serve(0, 3);
  CHECK(dearer.production.steps().back().violation_share == 0);
  for (int step = 1; step < 6; ++step) {
    dearer.Serve(step, 3, "2");
  }
  CHECK(dearer.production.steps().back().violation_share == 1);
}

TEST_CASE("what waits in an instance that dies fails; in one that leaves it is left to the others") {
  std::map<bool, uint64_t> errors;
  for (const bool dies : {true, false}) {
    Stage stage(450);
    for (int step = 0; step < 4; ++step) {
      stage.Serve(step, 2);  // two for 450 req/s: queues build up
    }
    CHECK(stage.production.steps().back().p_us > 5e6);
    stage.production.ExpectDeaths(dies ? 1 : 0);
    errors[dies] = stage.Serve(4, 1).service.errors;
  }
  CHECK(errors[true] > 1000);
  CHECK(errors[false] == 0);
}
