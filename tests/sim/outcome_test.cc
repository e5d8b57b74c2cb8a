// What comes of trials in virtual time: null trials, outcomes, bills and budgets, evidence that is used
// again, and how often the trial of a deploy is right.
#include <algorithm>
#include <catch2/catch.hpp>

#include "control/emergency.h"
#include "sim/demo_world.h"

using namespace shadowd;
using namespace shadowd::sim;
using model::DecisionKind;
using model::DecisionOutcome;
using model::DecisionState;

namespace {

// Steady demand, so that what is planned for comes.
constexpr double kSteadyRps = 350;

World Steady(uint64_t seed, const model::ServiceSpec& spec, double dearer = 1.3) {
  WorldOptions options = DemoOptions(seed);
  options.demand_rps = [seed](double seconds) {
    Rng noise(seed * 1'000'003 +
              static_cast<uint64_t>(static_cast<int64_t>(std::floor(seconds)) + 1'000'000));
    return kSteadyRps * (1 + 0.04 * noise.Normal());
  };
  options.versions["2"].service_ms = 20 * dearer;
  options.versions["2"].cpu_ms = 0.4 * dearer;
  options.versions["3"] = DemoPlant(false);
  World world(options);
  REQUIRE(world.Send({kShop, ports::ApplyService{spec, ""}, 0, "test"})->ok());
  world.RunFor(std::chrono::seconds(15));
  ports::ImportHistory history(DemoHistory(world, seed));
  Rng rng(seed + 5);
  for (auto& [at, rps] : history.demand_rps) {
    rps = kSteadyRps * (1 + 0.04 * rng.Normal());
  }
  REQUIRE(world.Send({kShop, std::move(history), 0, "test"})->ok());
  return world;
}

bool AtRest(const World& world) {
  return world.core().Find(kShop)->phase() == control::Phase::kIdle && world.shadows_alive() == 0;
}

std::string Story(const World& world) {
  std::string story;
  for (const std::string& line : world.journal()) {
    story += line.find(" decision=") != std::string::npos ? line + "\n" : "";
  }
  return story;
}

model::Decision Get(const World& world, const model::DecisionId& id) {
  for (const model::Decision& decision : world.Decisions(kShop)) {
    if (decision.id == id) {
      return decision;
    }
  }
  FAIL("no decision " << id.str());
  return {};
}

// The newest decision on a version's deploy, once it is over.
std::optional<model::Decision> OfVersion(const World& world, const std::string& version) {
  for (const model::Decision& decision : world.Decisions(kShop)) {
    if (decision.trigger.kind == model::TriggerKind::kNewVersion &&
        decision.trigger.version.starts_with(version + "~") && decision.state == DecisionState::kApplied) {
      return decision;
    }
  }
  return std::nullopt;
}

std::optional<model::Decision> Deploy(World& world, const std::string& version) {
  REQUIRE(
      world.Send({kShop, ports::ApplyService{DemoSpec(model::Mode::kAct, version), ""}, 0, "test"})->ok());
  world.RunUntil([&](const World& w) { return OfVersion(w, version).has_value(); },
                 std::chrono::seconds(120));
  return OfVersion(world, version);
}

}  // namespace

TEST_CASE("two shadows at today's load agree, and a null trial leaves production alone") {
  const uint64_t seed = GENERATE(1, 2, 3, 4, 5);
  World world = Steady(seed, DemoSpec(model::Mode::kAct, "1"));
  REQUIRE(world.RunUntil(AtRest, std::chrono::seconds(120)));
  world.RunFor(std::chrono::seconds(5));
  REQUIRE(world.RunUntil(AtRest, std::chrono::seconds(120)));
  const int serving = world.core().Find(kShop)->fleet().Serving();
  const auto reply = world.Send({kShop, ports::RunNullTrial{"r1"}, 0, "test"});
  REQUIRE(reply->ok());
  const auto ordered = std::get<model::Decision>(**reply);
  CHECK(ordered.trigger.kind == model::TriggerKind::kCalibration);
  REQUIRE(world.RunUntil(AtRest, std::chrono::seconds(60)));
  const model::Decision decision = Get(world, ordered.id);
  INFO(decision.reason);
  CHECK(decision.kind == DecisionKind::kConfirmed);
  CHECK(decision.from == serving);
  CHECK(decision.to == serving);
  CHECK(decision.arms.size() == 2);
  CHECK(decision.reason.find("latency_p95_us") != std::string::npos);
  CHECK(decision.trial_cost > 0);
}

TEST_CASE(
    "a level that was confirmed, and holds, is counted as right, and the ledger says what was avoided") {
  World world = Steady(3, DemoSpec(model::Mode::kAct, "1"));
  // A deploy that is dearer: more replicas, and their load comes at once.
  REQUIRE(world.RunUntil(AtRest, std::chrono::seconds(120)));
  world.RunFor(std::chrono::seconds(60));
  const std::optional<model::Decision> deployed = Deploy(world, "2");
  REQUIRE(deployed);
  INFO(Story(world));
  CHECK(deployed->kind == DecisionKind::kAdjusted);
  world.RunFor(std::chrono::seconds(80));  // the hold is a minute
  const model::Decision followed = Get(world, deployed->id);
  INFO(followed.outcome_reason);
  CHECK(followed.outcome == DecisionOutcome::kRight);
  const auto& ledger = world.kept(kShop).ledger;
  const auto booked = std::find_if(ledger.begin(), ledger.end(), [&](const model::LedgerEntry& entry) {
    return entry.decision == deployed->id;
  });
  REQUIRE(booked != ledger.end());
  const model::LedgerEntry& entry = *booked;
  CHECK(entry.violation_minutes_avoided > 0);
  CHECK(entry.counterfactual.find("replicas would have served") != std::string::npos);
  CHECK(entry.note.find("RIGHT") != std::string::npos);
  CHECK(entry.shadow_cost == Approx(followed.trial_cost));
  for (const model::Arm& arm : followed.arms) {
    CHECK((arm.cached || arm.predicted_after.known));
  }
}

TEST_CASE("what production shows after a decision is counted, and sets the tolerance of the next trial") {
  const double bound = GENERATE(0.01, 0.9);
  World world = Steady(3, DemoSpec(model::Mode::kAct, "1"));
  REQUIRE(world.RunUntil(AtRest, std::chrono::seconds(120)));
  world.RunFor(std::chrono::seconds(60));
  const auto deploy = [&](const std::string& version) {
    model::ServiceSpec spec = DemoSpec(model::Mode::kAct, version);
    spec.trial.tolerance = 0.9;  // until something was learnt
    spec.trial.tolerance_min = spec.trial.tolerance_max = bound;
    REQUIRE(world.Send({kShop, ports::ApplyService{spec, ""}, 0, "test"})->ok());
    world.RunUntil([&](const World& w) { return OfVersion(w, version).has_value(); },
                   std::chrono::seconds(120));
    return OfVersion(world, version);
  };
  REQUIRE(deploy("2"));
  world.RunFor(std::chrono::seconds(80));  // the hold is a minute
  const std::optional<model::Decision> next = deploy("3");
  INFO(Story(world));
  REQUIRE(next);
  const model::Learnt& learnt = world.kept(kShop).models.back().learnt;
  CHECK(learnt.outcomes.right >= 1);
  CHECK(learnt.tolerances.at("latency_p50_us") == Approx(bound));
  const bool accurate = std::any_of(next->arms.begin(), next->arms.end(), [](const model::Arm& arm) {
    return arm.role == model::ArmRole::kCandidate && arm.verdict.kpis[0].model == model::ModelAxis::kAccurate;
  });
  CHECK(accurate == (bound > 0.5));
}

TEST_CASE("when the day's budget is spent nothing more is tested, and the decision says so") {
  model::ServiceSpec spec = DemoSpec(model::Mode::kAct, "1");
  spec.trial.daily_budget = 1e-6;
  World world = Steady(2, spec);
  world.RunFor(std::chrono::seconds(100));
  const auto reply = world.Send({kShop, ports::ProposeScaling{6, ""}, 0, "test"});
  REQUIRE(reply->ok());
  const auto decision = std::get<model::Decision>(**reply);
  CHECK(decision.trial.empty());
  CHECK(decision.skip_reason.find("daily budget") != std::string::npos);
  CHECK(world.kept(kShop).trials.empty());
}

TEST_CASE("a level that was measured a short while ago is not measured again by the next trial") {
  int cached = 0;
  for (uint64_t seed = 1; seed <= 3; ++seed) {
    World world(DemoOptions(seed));  // days of three minutes, whose peaks and troughs come again
    REQUIRE(world.Send({kShop, ports::ApplyService{DemoSpec(model::Mode::kAct, "1"), ""}, 0, "test"})->ok());
    world.RunFor(std::chrono::seconds(15));
    REQUIRE(world.Send({kShop, ports::ImportHistory(DemoHistory(world, seed)), 0, "test"})->ok());
    world.RunFor(std::chrono::seconds(900));
    for (const auto& [id, trial] : world.kept(kShop).trials) {
      for (const model::Arm& arm : trial.arms) {
        cached += arm.cached ? 1 : 0;
        CHECK(arm.shadows.empty() == arm.cached);
        CHECK((!arm.cached || arm.verdict.slo != model::SloAxis::kUnknown));
      }
    }
  }
  CHECK(cached > 0);
}

TEST_CASE("what a trial has settled outlives a restart, and goes on into the next version of the model") {
  World world = Steady(4, DemoSpec(model::Mode::kAct, "1"));
  world.RunFor(std::chrono::seconds(60));
  REQUIRE(world.RunUntil(AtRest, std::chrono::seconds(60)));
  REQUIRE(world.Send({kShop, ports::ProposeScaling{4, ""}, 0, "test"})->ok());
  REQUIRE(world.RunUntil(AtRest, std::chrono::seconds(60)));
  const auto measured = world.kept(kShop).models.back().learnt.measured;
  REQUIRE_FALSE(measured.empty());
  world.Restart();
  const WallTime restarted = world.now().wall;
  REQUIRE(world.RunUntil([&](const World& w) { return w.kept(kShop).models.back().create_time > restarted; },
                         std::chrono::seconds(900)));
  const auto later = world.kept(kShop).models.back().learnt.measured;
  REQUIRE(later.size() >= measured.size());
  CHECK(std::equal(measured.begin(), measured.end(), later.begin()));
}

namespace {

// Demand that is steady but for what `times` says, from a history in which it was 300 req/s.
World Steadily(int replicas, Micros resolution, std::function<double(double)> times) {
  WorldOptions options = DemoOptions(6);
  options.demand_rps = [times = std::move(times)](double seconds) {
    Rng noise(static_cast<uint64_t>(seconds) + 9);
    return 300 * times(seconds) * (1 + 0.01 * noise.Normal());
  };
  World world(options);
  model::ServiceSpec spec = DemoSpec(model::Mode::kAct, "1");
  spec.bounds.min = replicas;
  spec.forecast.resolution = resolution;
  spec.forecast.seasons = {static_cast<int>(std::chrono::seconds(180) / resolution)};
  spec.trial.measured_fresh = Micros(0);
  REQUIRE(world.Send({kShop, ports::ApplyService{spec, ""}, 0, "test"})->ok());
  world.RunFor(std::chrono::seconds(15));
  ports::ImportHistory history(DemoHistory(world, 6));
  Rng rng(5);
  for (auto& [at, rps] : history.demand_rps) {
    rps = 300 * (1 + 0.01 * rng.Normal());
  }
  REQUIRE(world.Send({kShop, std::move(history), 0, "test"})->ok());
  return world;
}

// To another level after two minutes; four replicas hold both.
World Shifting(Micros resolution) {
  return Steadily(4, resolution, [](double seconds) { return seconds < 120 ? 1.0 : 1.15; });
}

std::optional<model::Decision> On(model::TriggerKind kind, const World& world) {
  for (const model::Decision& decision : world.Decisions(kShop)) {
    if (decision.trigger.kind == kind) {
      return decision;
    }
  }
  return std::nullopt;
}

}  // namespace

TEST_CASE("demand that changes its ways asks for a trial of its own") {
  World world = Shifting(std::chrono::seconds(1));
  world.RunFor(std::chrono::seconds(180));
  INFO(Story(world));
  const std::optional<model::Decision> drift = On(model::TriggerKind::kDrift, world);
  REQUIRE(drift);
  CHECK_FALSE(drift->trial.empty());
  CHECK(drift->trigger.evidence.find("no longer behaves") != std::string::npos);
  const auto& models = world.kept(kShop).models;
  CHECK(std::any_of(models.begin(), models.end(), [](const model::ModelVersion& version) {
    return version.cause == model::RetrainCause::kDrift;
  }));
}

TEST_CASE("demand that left its limit asks whether today's level holds, where the curve is not sure of it") {
  World world = Steadily(2, std::chrono::seconds(1), [](double seconds) {
    if (seconds < 17) {
      return 0.0;  // before its history is known demand is planned for with head-room
    }
    return seconds >= 90 && seconds < 92 ? 1.06 : 1.0;
  });
  world.RunFor(std::chrono::seconds(120));
  INFO(Story(world));
  const std::optional<model::Decision> breach = On(model::TriggerKind::kBreach, world);
  REQUIRE(breach);
  CHECK_FALSE(breach->trial.empty());
  CHECK(breach->planned == 2);
}

TEST_CASE("a drift that is noticed while another trial runs is not forgotten") {
  for (const int begin : {120, 125, 130, 135, 140}) {
    World world = Shifting(std::chrono::seconds(5));
    world.RunFor(std::chrono::seconds(begin - 15));
    REQUIRE(world.Send({kShop, ports::ProposeScaling{5, ""}, 0, "test"})->ok());
    world.RunFor(std::chrono::seconds(100));
    INFO("a trial from " << begin << " s on\n" << Story(world));
    CHECK(On(model::TriggerKind::kDrift, world));
  }
}

TEST_CASE(
    "of twenty deploys that cost 30 % more at least 18 are found, of twenty that do not none is adjusted") {
  int found = 0, quiet = 0;
  std::string wrong;
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    for (const std::string version : {"2", "3"}) {
      World world = Steady(seed, DemoSpec(model::Mode::kAct, "1"));
      world.RunUntil(AtRest, std::chrono::seconds(120));
      world.RunFor(std::chrono::seconds(45));
      const std::optional<model::Decision> decision = Deploy(world, version);
      REQUIRE(decision);
      const bool adjusted = decision->kind == DecisionKind::kAdjusted && decision->to > decision->planned;
      const bool right = version == "2" ? adjusted : decision->kind != DecisionKind::kAdjusted;
      (version == "2" ? found : quiet) += right ? 1 : 0;
      wrong += right ? "" : fmt::format("seed {} version {}: {}\n", seed, version, decision->reason);
    }
  }
  INFO("found " << found << " of 20, quiet " << quiet << " of 20\n" << wrong);
  CHECK(found >= 18);
  CHECK(quiet >= 18);
}
