// The loop as a whole in virtual time: scale out ahead of a peak, a dearer version, a scale-in, emergencies,
// restarts.
#include <algorithm>
#include <catch2/catch.hpp>

#include "control/emergency.h"
#include "sim/demo_world.h"

using namespace shadowd;
using namespace shadowd::sim;
using model::DecisionKind;
using model::DecisionState;

namespace {

World Started(uint64_t seed, model::ServiceSpec spec) {
  World world(DemoOptions(seed));
  REQUIRE(world.Send({kShop, ports::ApplyService{spec, ""}, 0, "test"})->ok());
  world.RunFor(std::chrono::seconds(15));
  REQUIRE(world.Send({kShop, ports::ImportHistory(DemoHistory(world, seed)), 0, "test"})->ok());
  return world;
}

int Count(const World& world, DecisionKind kind, bool out, DecisionState state = DecisionState::kApplied) {
  const auto decisions = world.Decisions(kShop);
  return static_cast<int>(
      std::count_if(decisions.begin(), decisions.end(), [&](const model::Decision& decision) {
        return decision.kind == kind && decision.state == state &&
               (out ? decision.to > decision.from : decision.to < decision.from);
      }));
}

control::Phase PhaseOf(const World& world) {
  return world.core().Find(kShop)->phase();
}

bool AtRest(const World& world) {
  return PhaseOf(world) == control::Phase::kIdle && world.shadows_alive() == 0;
}

bool TrialRuns(const World& world) {
  return world.core().Find(kShop)->trial() != nullptr && world.shadows_alive() > 0;
}

std::string Story(const World& world) {
  std::string story;
  for (const std::string& line : world.journal()) {
    if (line.find(" decision=") != std::string::npos || line.find("trial=") != std::string::npos ||
        line.find("model=") != std::string::npos) {
      story += line + "\n";
    }
  }
  return story;
}

}  // namespace

TEST_CASE("a day: production is scaled ahead of the peak by a confirmed plan, and back in the trough") {
  const uint64_t seed = GENERATE(1, 2, 3);
  World world = Started(seed, DemoSpec(model::Mode::kAct, "1"));
  world.RunFor(std::chrono::seconds(185));
  INFO(Story(world));
  CHECK(Count(world, DecisionKind::kConfirmed, true) >= 1);
  CHECK(Count(world, DecisionKind::kConfirmed, false) + Count(world, DecisionKind::kAdjusted, false) >= 1);
  CHECK(world.violation_seconds() <= 5);
  CHECK(world.shadows_alive() <= 5);
}

TEST_CASE(
    "a version that makes requests dearer is found by its shadows and the plan adjusted before production "
    "feels it") {
  const uint64_t seed = GENERATE(1, 2, 3);
  World world = Started(seed, DemoSpec(model::Mode::kAct, "1"));
  world.RunFor(std::chrono::seconds(175));  // a trough
  REQUIRE(world.Send({kShop, ports::ApplyService{DemoSpec(model::Mode::kAct, "2"), ""}, 0, "test"})->ok());
  world.RunFor(std::chrono::seconds(170));
  INFO(Story(world));
  const auto decisions = world.Decisions(kShop);
  const bool adjusted = std::any_of(decisions.begin(), decisions.end(), [](const model::Decision& decision) {
    return decision.trigger.kind == model::TriggerKind::kNewVersion &&
           decision.kind == DecisionKind::kAdjusted && decision.to > decision.planned;
  });
  CHECK(adjusted);
  CHECK(world.violation_seconds() <= 5);
}

TEST_CASE("without trials the same deploy hurts production") {
  model::ServiceSpec first = DemoSpec(model::Mode::kAct, "1");
  model::ServiceSpec second = DemoSpec(model::Mode::kAct, "2");
  first.trial.policy = second.trial.policy = model::TrialPolicy::kNever;
  World world = Started(1, first);
  world.RunFor(std::chrono::seconds(175));
  REQUIRE(world.Send({kShop, ports::ApplyService{second, ""}, 0, "test"})->ok());
  world.RunFor(std::chrono::seconds(170));
  INFO(Story(world));
  CHECK(world.shadows_alive() == 0);
  CHECK(world.kept(kShop).trials.empty());
  WARN("violation seconds without trials: " << world.violation_seconds());
}

TEST_CASE(
    "where a trial would end too late the remedy goes first, more follows, and it is tested afterwards") {
  WorldOptions options = DemoOptions(5);
  options.demand_rps = [](double seconds) {  // flat for ever, then a rise that nobody could expect
    return 150 + std::clamp(seconds - 60, 0.0, 60.0) * 8;
  };
  World world(options);
  REQUIRE(world.Send({kShop, ports::ApplyService{DemoSpec(model::Mode::kAct, "1"), ""}, 0, "test"})->ok());
  world.RunFor(std::chrono::seconds(15));
  ports::ImportHistory history(DemoHistory(world, 5));
  for (auto& [at, rps] : history.demand_rps) {
    rps = 150;
  }
  REQUIRE(world.Send({kShop, std::move(history), 0, "test"})->ok());
  world.RunFor(std::chrono::seconds(180));
  INFO(Story(world));
  int untested = 0, tested = 0;
  for (const model::Decision& decision : world.Decisions(kShop)) {
    const bool first = decision.skip_reason.find("too late") != std::string::npos;
    untested += first && decision.to > decision.from ? 1 : 0;
    tested += untested > 0 && !decision.trial.empty() &&
                      decision.trigger.evidence.find("afterwards") != std::string::npos
                  ? 1
                  : 0;
  }
  CHECK(untested >= 1);
  CHECK(tested >= 1);
  CHECK(world.instances_alive() >= 4);  // 630 requests/s in the end
  CHECK(world.violation_seconds() <= 12);
}

TEST_CASE("a scale-in that would not hold is rejected") {
  World world = Started(5, DemoSpec(model::Mode::kAct, "1"));
  REQUIRE(
      world.RunUntil([](const World& w) { return AtRest(w) && w.core().Find(kShop)->fleet().Serving() >= 4; },
                     std::chrono::seconds(80)));
  const auto reply = world.Send({kShop, ports::ProposeScaling{2, ""}, 0, "test"});
  REQUIRE(reply->ok());
  const auto proposed = std::get<model::Decision>(**reply);
  world.RunUntil(
      [&](const World& w) {
        return w.kept(kShop).decisions.at(proposed.id).state != DecisionState::kTesting;
      },
      std::chrono::seconds(60));
  INFO(Story(world));
  const model::Decision decided = world.kept(kShop).decisions.at(proposed.id);
  CHECK(decided.kind == DecisionKind::kRejected);
  CHECK(decided.to == decided.from);
}

TEST_CASE("OBSERVE and ADVISE never touch production") {
  const model::Mode mode = GENERATE(model::Mode::kObserve, model::Mode::kAdvise);
  World world = Started(3, DemoSpec(mode, "1"));
  world.RunFor(std::chrono::seconds(200));
  CHECK(world.instances_alive() == 0);
  for (const model::Decision& decision : world.Decisions(kShop)) {
    CHECK(decision.state != DecisionState::kApplying);
  }
}

TEST_CASE("an emergency acts at once, also during a trial, and is tested afterwards") {
  WorldOptions options = DemoOptions(4);
  options.demand_rps = [](double seconds) {
    return seconds < 60 ? 150.0 : 450.0;
  };  // a flash crowd that no history tells of
  World world(options);
  REQUIRE(world.Send({kShop, ports::ApplyService{DemoSpec(model::Mode::kAct, "1"), ""}, 0, "test"})->ok());
  world.RunFor(std::chrono::seconds(15));
  ports::ImportHistory history = DemoHistory(world, 4);
  Rng noise(9);
  for (auto& [at, rps] : history.demand_rps) {
    rps = 150 * (1 + 0.04 * noise.Normal());
  }
  world.Send({kShop, std::move(history), 0, "test"});
  world.RunFor(std::chrono::seconds(40));
  const bool during_trial = GENERATE(false, true);
  if (during_trial) {
    REQUIRE(world.Send({kShop, ports::ProposeScaling{3, ""}, 0, "test"})->ok());
  }
  const auto emergency = [](const World& w) -> const model::Decision* {
    for (const auto& [id, decision] : w.kept(kShop).decisions) {
      if (decision.trigger.kind == model::TriggerKind::kEmergency && decision.to > decision.from) {
        return &decision;
      }
    }
    return nullptr;
  };
  REQUIRE(world.RunUntil([&](const World& w) { return emergency(w) != nullptr; }, std::chrono::seconds(20)));
  INFO(Story(world));
  CHECK(ToSeconds(world.now().mono.time_since_epoch()) <=
        66);  // the crowd came at 60, three seconds make an emergency
  CHECK(emergency(world)->trial.empty());
  CHECK(emergency(world)->state == DecisionState::kApplying);
  CHECK(world.core().Find(kShop)->trial() == nullptr);
  CHECK(world.RunUntil(TrialRuns, std::chrono::seconds(40)));  // the test afterwards
  world.RunFor(std::chrono::seconds(60));
  CHECK(world.core().Find(kShop)->fleet().Serving() >= 3);
}

TEST_CASE("a restart keeps production, ends the shadows and closes the trial as inconclusive") {
  World world = Started(6, DemoSpec(model::Mode::kAct, "1"));
  REQUIRE(world.RunUntil(TrialRuns, std::chrono::seconds(60)));
  world.RunFor(std::chrono::seconds(12));  // into the measurement
  REQUIRE(TrialRuns(world));
  const int instances = world.instances_alive();
  world.Restart();
  world.RunFor(std::chrono::milliseconds(200));
  CHECK(world.shadows_alive() == 0);
  CHECK(world.instances_alive() == instances);
  const auto& trials = world.kept(kShop).trials;
  const auto cut_off = std::find_if(trials.begin(), trials.end(), [](const auto& item) {
    return item.second.state == model::TrialState::kInconclusive;
  });
  REQUIRE(cut_off != trials.end());
  // Its shadows ran for 12 s at least, and are paid.
  const model::Trial& trial = cut_off->second;
  CHECK(trial.shadow_seconds >= 24);
  CHECK(trial.cost > 0);
  const auto& ledger = world.kept(kShop).ledger;
  const auto entry = std::find_if(ledger.begin(), ledger.end(),
                                  [&](const model::LedgerEntry& paid) { return paid.trial == trial.id; });
  REQUIRE(entry != ledger.end());
  CHECK(entry->shadow_cost == trial.cost);
  CHECK(world.kept(kShop).decisions.at(entry->decision).trial_cost == trial.cost);
  world.RunFor(std::chrono::seconds(120));
  CHECK(world.core().Find(kShop)->fleet().Converged());
  CHECK(world.violation_seconds() <= 5);
}

TEST_CASE("one, three and five levels are tried, or those that are listed") {
  const int count = GENERATE(1, 3, 5, 2);
  model::ServiceSpec spec = DemoSpec(model::Mode::kAct, "1");
  if (count == 2) {
    spec.shadows.levels = {4, 7};
  } else {
    spec.shadows.levels_auto_max = count;
  }
  World world = Started(7, spec);
  REQUIRE(world.RunUntil(TrialRuns, std::chrono::seconds(60)));
  const model::Trial trial = world.core().Find(kShop)->trial()->trial();
  CHECK(static_cast<int>(trial.arms.size()) == count + 1);  // and the null arm
  CHECK(world.RunUntil(AtRest, std::chrono::seconds(60)));
  CHECK(model::TrialEnded(world.kept(kShop).trials.at(trial.id).state));
}

TEST_CASE("deleting a service takes down everything that was started for it") {
  World world = Started(8, DemoSpec(model::Mode::kAct, "1"));
  REQUIRE(world.RunUntil(TrialRuns, std::chrono::seconds(60)));
  REQUIRE(world.Send({kShop, ports::DeleteService{}, 0, "test"})->ok());
  world.RunFor(std::chrono::seconds(10));
  CHECK(world.shadows_alive() == 0);
  CHECK(world.instances_alive() == 0);
  CHECK(world.core().Find(kShop) == nullptr);
}

TEST_CASE("a freeze stops trials and closes the gate until it is lifted") {
  World world = Started(9, DemoSpec(model::Mode::kAct, "1"));
  REQUIRE(world.RunUntil(TrialRuns, std::chrono::seconds(60)));
  world.Send({model::ServiceId(), ports::Freeze{true, "incident"}, 0, "test"});
  world.RunFor(std::chrono::seconds(120));  // over the peak
  CHECK(world.shadows_alive() == 0);
  CHECK(world.core().Find(kShop)->fleet().Serving() == 2);
  world.Send({model::ServiceId(), ports::Freeze{false, ""}, 0, "test"});
  world.RunFor(std::chrono::seconds(180));
  CHECK(world.Decisions(kShop).back().state != DecisionState::kBlocked);
}

TEST_CASE("a version that holds at no level is refused once and left alone until the service changes") {
  WorldOptions options = DemoOptions(10);
  options.versions["2"].service_ms = 90;  // no number within the bounds meets the SLO of 100 ms
  World world(options);
  world.Send({kShop, ports::ApplyService{DemoSpec(model::Mode::kAct, "1"), ""}, 0, "test"});
  world.RunFor(std::chrono::seconds(15));
  world.Send({kShop, ports::ImportHistory(DemoHistory(world, 10)), 0, "test"});
  world.RunFor(std::chrono::seconds(150));
  world.Send({kShop, ports::ApplyService{DemoSpec(model::Mode::kAct, "2"), ""}, 0, "test"});
  world.RunFor(std::chrono::seconds(200));
  INFO(Story(world));
  int refused = 0;
  for (const model::Decision& decision : world.Decisions(kShop)) {
    if (decision.trigger.kind == model::TriggerKind::kNewVersion) {
      CHECK(decision.kind == DecisionKind::kRejected);
      CHECK(decision.state == DecisionState::kBlocked);
      ++refused;
    }
  }
  CHECK(refused == 1);
  CHECK(world.kept(kShop).service->rollout_version.starts_with("1~"));

  // Within other bounds the question is another.
  model::ServiceSpec wider = DemoSpec(model::Mode::kAct, "2");
  wider.bounds.max = 12;
  world.Send({kShop, ports::ApplyService{wider, ""}, 0, "test"});
  const control::ServiceMachine* machine = world.core().Find(kShop);
  REQUIRE(machine->trial() != nullptr);
  CHECK(machine->trial()->trial().trigger.kind == model::TriggerKind::kNewVersion);
}

TEST_CASE("many callers, one trial: a proposal that the running trial covers gets its decision") {
  World world = Started(11, DemoSpec(model::Mode::kAct, "1"));
  REQUIRE(world.RunUntil(TrialRuns, std::chrono::seconds(60)));
  const model::Trial trial = world.core().Find(kShop)->trial()->trial();
  const auto answer =
      world.Send({kShop, ports::ProposeScaling{trial.arms.front().level, "caller-2"}, 0, "test"});
  REQUIRE(answer.has_value());
  REQUIRE(answer->ok());
  CHECK(std::get<model::Decision>(**answer).trial == trial.id);
  CHECK(world.core().Find(kShop)->trial()->trial().id == trial.id);
}

TEST_CASE("a first version that never comes up gives way to the spec that mends it") {
  World world(DemoOptions(5));
  world.Send({kShop, ports::ApplyService{DemoSpec(model::Mode::kAct, "broken"), ""}, 0, "test"});
  world.RunFor(std::chrono::minutes(3));
  REQUIRE(world.core().Find(kShop)->fleet().Serving() == 0);
  world.Send({kShop, ports::ApplyService{DemoSpec(model::Mode::kAct, "1"), ""}, 0, "test"});
  world.RunFor(std::chrono::seconds(30));
  CHECK(world.core().Find(kShop)->fleet().Serving() >= 2);
}

TEST_CASE("a version that holds nowhere still replaces one that does not start") {
  WorldOptions options = DemoOptions(10);
  options.versions["2"].service_ms = 90;  // no number within the bounds meets the SLO of 100 ms
  World world(options);
  model::ServiceSpec spec = DemoSpec(model::Mode::kAct, "1");
  world.Send({kShop, ports::ApplyService{spec, ""}, 0, "test"});
  world.RunFor(std::chrono::seconds(15));
  world.Send({kShop, ports::ImportHistory(DemoHistory(world, 10)), 0, "test"});
  world.RunFor(std::chrono::seconds(150));
  spec = DemoSpec(model::Mode::kAct, "broken");
  spec.trial.policy = model::TrialPolicy::kNever;
  world.Send({kShop, ports::ApplyService{spec, ""}, 0, "test"});
  world.RunFor(std::chrono::seconds(60));
  REQUIRE(world.core().Find(kShop)->fleet().Stuck());
  world.Send({kShop, ports::ApplyService{DemoSpec(model::Mode::kAct, "2"), ""}, 0, "test"});
  world.RunFor(std::chrono::seconds(300));
  INFO(Story(world));
  CHECK(world.kept(kShop).service->rollout_version.starts_with("2~"));
  CHECK_FALSE(world.core().Find(kShop)->fleet().Stuck());
}

TEST_CASE("a version of which no shadow comes up is not let into production") {
  World world(DemoOptions(6));
  world.Send({kShop, ports::ApplyService{DemoSpec(model::Mode::kAct, "1"), ""}, 0, "test"});
  world.RunFor(std::chrono::seconds(12));
  world.Send({kShop, ports::ImportHistory(DemoHistory(world, 6)), 0, "test"});
  world.RunFor(std::chrono::seconds(60));
  const std::string before = world.kept(kShop).service->rollout_version;
  world.Send({kShop, ports::ApplyService{DemoSpec(model::Mode::kAct, "broken"), ""}, 0, "test"});
  world.RunFor(std::chrono::minutes(3));
  CHECK(world.kept(kShop).service->rollout_version == before);
  CHECK(world.core().Find(kShop)->fleet().Serving() >= 2);
}

TEST_CASE("bounds that move during a trial are followed after it") {
  World world(DemoOptions(8));
  model::ServiceSpec spec = DemoSpec(model::Mode::kAct, "1");
  spec.bounds.min = 5;
  world.Send({kShop, ports::ApplyService{spec, ""}, 0, "test"});
  world.RunFor(std::chrono::seconds(12));
  world.Send({kShop, ports::ImportHistory(DemoHistory(world, 8)), 0, "test"});
  world.RunFor(std::chrono::seconds(20));
  world.Send({kShop, ports::ProposeScaling{6, ""}, 0, "test"});
  REQUIRE(world.core().Find(kShop)->phase() == control::Phase::kTrialling);
  spec.bounds = {.min = 1, .max = 3};
  world.Send({kShop, ports::ApplyService{spec, ""}, 0, "test"});
  const model::TrialId trial = world.core().Find(kShop)->trial()->trial().id;
  world.Send({kShop, ports::CancelTrial{trial}, 0, "test"});
  CHECK(world.kept(kShop).service->target == 3);
}

TEST_CASE("an instance of whose start nothing more is heard is given up and replaced") {
  World world(DemoOptions(9));
  world.Send({kShop, ports::ApplyService{DemoSpec(model::Mode::kAct, "1"), ""}, 0, "test"});
  world.RunFor(std::chrono::seconds(2));
  REQUIRE(world.KillSilently(kShop));
  world.RunFor(std::chrono::seconds(30));
  CHECK(world.core().Find(kShop)->fleet().Serving() == 1);
  world.RunFor(std::chrono::seconds(45));
  CHECK(world.core().Find(kShop)->fleet().Serving() >= 2);
}
