// Seeded random walks of the whole core in a hostile world: starts fail, shadows crash, the daemon dies,
// specs and versions change, callers ask for anything. After every stretch the invariants must hold; a
// failure prints its seed.
#include <catch2/catch.hpp>
#include <set>

#include "sim/demo_world.h"

using namespace shadowd;
using namespace shadowd::sim;

namespace {

void CheckInvariants(const World& world) {
  const Kept& kept = world.kept(kShop);
  const control::ServiceMachine* machine = world.core().Find(kShop);
  int open_trials = 0;
  for (const auto& [id, trial] : kept.trials) {
    open_trials += model::TrialEnded(trial.state) ? 0 : 1;
  }
  CHECK(open_trials <= 1);
  // No shadow outlives its trial by more than the time a stop takes.
  const WallTime recently = world.now().wall - std::chrono::seconds(2);
  for (const auto& [id, shadow] : kept.shadows) {
    const auto trial = kept.trials.find(shadow.trial);
    REQUIRE(trial != kept.trials.end());
    const bool over = model::TrialEnded(trial->second.state) && trial->second.end_time < recently;
    const bool alive =
        shadow.state != model::ReplicaState::kStopped && shadow.state != model::ReplicaState::kFailed;
    CHECK_FALSE((over && alive));
  }
  // Nothing is applied that the mode does not allow, and never beyond the bounds.
  if (kept.service) {
    CHECK(kept.service->target <= 8);
    if (kept.service->spec.mode != model::Mode::kAct && kept.service->rollout_version.empty()) {
      CHECK(world.instances_alive() == 0);
    }
  }
  // An intent of a service that is at rest is closed.
  if (machine != nullptr && machine->phase() == control::Phase::kIdle && machine->fleet().Converged() &&
      world.shadows_alive() == 0) {
    for (const auto& [key, intent] : kept.intents) {
      CHECK((intent.state != model::IntentState::kPending || intent.create_time >= recently));
    }
  }
}

void Disturb(World& world, Rng& rng, model::ServiceSpec& spec) {
  switch (rng.Below(12)) {
    case 0:
      spec.version = std::string(spec.version == "1" ? "2" : "1");
      spec.instance.argv.back() = std::string("--version=") + spec.version;
      world.Send({kShop, ports::ApplyService{spec, ""}, 0, "walk"});
      break;
    case 1:
      spec.bounds.max = 4 + static_cast<int>(rng.Below(5));
      world.Send({kShop, ports::ApplyService{spec, ""}, 0, "walk"});
      break;
    case 2:
    case 3:
      world.Send({kShop, ports::ProposeScaling{static_cast<int>(rng.Below(9)), ""}, 0, "walk"});
      break;
    case 4:
      world.Restart();
      break;
    case 5:
      world.Send({model::ServiceId(), ports::Freeze{rng.Below(2) == 0, "walk"}, 0, "walk"});
      break;
    case 6: {
      const control::ServiceMachine* machine = world.core().Find(kShop);
      if (machine != nullptr && machine->trial() != nullptr) {
        world.Send({kShop, ports::CancelTrial{machine->trial()->trial().id}, 0, "walk"});
      }
      break;
    }
    case 7:
      world.Send({kShop, ports::Retrain{}, 0, "walk"});
      break;
    case 8:
      spec.mode = static_cast<model::Mode>(rng.Below(3));
      world.Send({kShop, ports::ApplyService{spec, ""}, 0, "walk"});
      break;
    case 9: {
      const auto& shadows = world.kept(kShop).shadows;
      if (!shadows.empty()) {
        world.Send({kShop, ports::TerminateShadow{shadows.rbegin()->first}, 0, "walk"});
      }
      break;
    }
    case 10:
      if (rng.Below(4) == 0) {
        world.Send({kShop, ports::DeleteService{}, 0, "walk"});
      }
      break;
    default:
      break;
  }
}

void Walk(uint64_t seed, int stretches) {
  CAPTURE(seed);
  Rng rng(seed);
  WorldOptions options = DemoOptions(seed);
  options.start_failure = rng.Uniform() * 0.3;
  options.shadow_crash = rng.Uniform() * 0.02;
  World world(options);
  model::ServiceSpec spec = DemoSpec(model::Mode::kAct, "1");
  world.Send({kShop, ports::ApplyService{spec, ""}, 0, "walk"});
  world.RunFor(std::chrono::seconds(12));
  world.Send({kShop, ports::ImportHistory(DemoHistory(world, seed)), 0, "walk"});
  for (int i = 0; i < stretches; ++i) {
    Disturb(world, rng, spec);
    world.RunFor(std::chrono::milliseconds(200 + static_cast<int64_t>(rng.Below(15'000))));
    if (world.core().Find(kShop) == nullptr) {
      world.Send({kShop, ports::ApplyService{spec, ""}, 0, "walk"});
    }
    CheckInvariants(world);
  }
  // Left alone, it comes to rest with nothing left over.
  world.Send({kShop, ports::DeleteService{}, 0, "walk"});
  world.RunFor(std::chrono::minutes(2));
  CHECK(world.shadows_alive() == 0);
  CHECK(world.instances_alive() == 0);
}

}  // namespace

TEST_CASE("random walks keep the invariants") {
  for (uint64_t seed = 1; seed <= 12; ++seed) {
    Walk(seed, 25);
  }
}

TEST_CASE("long random walks keep the invariants", "[slow]") {
  for (uint64_t seed = 1000; seed < 1200; ++seed) {
    Walk(seed, 60);
  }
}

TEST_CASE("the same seed gives the same journal") {
  std::vector<std::string> journals[2];
  for (auto& journal : journals) {
    World world(DemoOptions(3));
    world.Send({kShop, ports::ApplyService{DemoSpec(model::Mode::kAct, "1"), ""}, 0, "test"});
    world.RunFor(std::chrono::seconds(12));
    world.Send({kShop, ports::ImportHistory(DemoHistory(world, 3)), 0, "test"});
    world.RunFor(std::chrono::seconds(90));
    journal = world.journal();
  }
  CHECK(journals[0].size() > 5);
  CHECK(journals[0] == journals[1]);
}
