#include "sim/world.h"

#include <catch2/catch.hpp>

using namespace shadowd;
using namespace shadowd::sim;

namespace {

const model::ServiceId kWeb("web");

WorldOptions Options() {
  WorldOptions options;
  options.demand_rps = [](double) { return 100.0; };
  options.versions["1"] = PlantOptions();
  options.start_up = std::chrono::seconds(2);
  return options;
}

model::ServiceSpec Spec() {
  model::ServiceSpec spec;
  spec.id = kWeb;
  spec.mode = model::Mode::kAct;
  spec.version = std::string("1");
  spec.instance.argv = {"/bin/web"};
  spec.bounds = {.min = 3, .max = 3};
  spec.haproxy.socket = "/run/haproxy.sock";
  spec.haproxy.backend = "web";
  spec.forecast.resolution = std::chrono::seconds(1);
  return spec;
}

}  // namespace

TEST_CASE("instances take their time to start, then serve the users' demand") {
  World world(Options());
  world.Send({kWeb, ports::ApplyService{Spec(), ""}, 0, "test"});
  world.RunFor(std::chrono::milliseconds(1800));
  CHECK(world.core().Find(kWeb)->fleet().Serving() == 0);
  CHECK(world.instances_alive() == 3);
  world.RunFor(std::chrono::seconds(30));
  CHECK(world.core().Find(kWeb)->fleet().Serving() == 3);
  double offered = 0;
  for (const auto& [at, rps] : world.kept(kWeb).demand_rps) {
    offered += rps;
  }
  CHECK(offered / static_cast<double>(world.kept(kWeb).demand_rps.size()) == Approx(100).epsilon(0.1));
  CHECK(world.violation_seconds() <= 3);  // before the first instance served
}

TEST_CASE("what was made durable survives a restart, and results of the former life are lost") {
  World world(Options());
  world.Send({kWeb, ports::ApplyService{Spec(), ""}, 0, "test"});
  world.RunFor(std::chrono::milliseconds(500));  // starts are on their way
  world.Restart();
  CHECK(world.core().Find(kWeb)->service().spec.bounds.min == 3);
  world.RunFor(std::chrono::seconds(10));
  CHECK(world.core().Find(kWeb)->fleet().Serving() == 3);
  CHECK(world.instances_alive() == 3);  // adopted, not started twice
}

TEST_CASE("time passes in order and a wait ends when its condition is met") {
  World world(Options());
  world.Send({kWeb, ports::ApplyService{Spec(), ""}, 0, "test"});
  const bool met = world.RunUntil([](const World& w) { return w.core().Find(kWeb)->fleet().Serving() == 3; },
                                  std::chrono::seconds(20));
  CHECK(met);
  CHECK(world.now().mono < MonoTime(std::chrono::seconds(5)));
  CHECK_FALSE(world.RunUntil([](const World&) { return false; }, std::chrono::seconds(1)));
}

TEST_CASE("while the host is frozen nothing starts and no bound moves production; then both follow") {
  World world(Options());
  world.Send({model::ServiceId(), ports::Freeze{true, "incident"}, 0, "test"});
  world.Send({kWeb, ports::ApplyService{Spec(), ""}, 0, "test"});
  world.RunFor(std::chrono::seconds(10));
  CHECK(world.instances_alive() == 0);
  world.Send({model::ServiceId(), ports::Freeze{false, ""}, 0, "test"});
  world.RunFor(std::chrono::seconds(10));
  CHECK(world.core().Find(kWeb)->fleet().Serving() == 3);

  world.Send({model::ServiceId(), ports::Freeze{true, "incident"}, 0, "test"});
  model::ServiceSpec more = Spec();
  more.bounds = {.min = 5, .max = 5};
  world.Send({kWeb, ports::ApplyService{more, ""}, 0, "test"});
  world.RunFor(std::chrono::seconds(10));
  CHECK(world.instances_alive() == 3);
  world.Send({model::ServiceId(), ports::Freeze{false, ""}, 0, "test"});
  world.RunFor(std::chrono::seconds(10));
  CHECK(world.core().Find(kWeb)->fleet().Serving() == 5);
}
