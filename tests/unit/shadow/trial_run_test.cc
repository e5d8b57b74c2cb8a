#include "shadow/trial_run.h"

#include <catch2/catch.hpp>
#include <cmath>

#include "base/rng.h"

using namespace shadowd;
using namespace shadowd::shadow;
using model::TrialState;

namespace {

// A trial of two candidates and a null arm, driven by hand.
class Fixture {
 public:
  Fixture() {
    spec.id = model::ServiceId("web");
    spec.trial.warm_up = std::chrono::seconds(2);
    spec.trial.deadline = std::chrono::seconds(20);
    spec.slo.latency_limit = std::chrono::milliseconds(100);
    TrialRun::Setup setup;
    setup.trial.id = model::TrialId("web-d1-t");
    setup.trial.trigger.present_rps = 130;
    setup.trial.trigger.current = 2;
    setup.trial.trigger.planned = 4;
    setup.trial.arms = {Candidate(4, 135), Candidate(5, 108), NullArm()};
    setup.spec = spec;
    setup.version = std::string("1");
    setup.production_instances = 2;
    run.emplace(setup);
    run->Start(intents, now, out);
  }

  static model::Arm Candidate(int level, double load_rps) {
    model::Arm arm;
    arm.level = level;
    arm.load_rps = load_rps;
    arm.predicted.load_rps = load_rps;
    arm.predicted.known = true;
    arm.predicted.p50_us = {20'000, 18'000, 22'000};
    arm.predicted.p95_us = {30'000, 27'000, 33'000};
    arm.predicted.p99_us = {40'000, 35'000, 45'000};
    arm.predicted.throughput_ratio = {1, 0.99, 1};
    arm.predicted.cpu_us_per_request = {400, 380, 420};
    arm.predicted.memory_bytes = {40e6, 39e6, 41e6};
    return arm;
  }
  static model::Arm NullArm() {
    model::Arm arm = Candidate(2, 65);
    arm.role = model::ArmRole::kNull;
    return arm;
  }
  static model::ReplicaId Id(int arm) { return model::ReplicaId(fmt::format("web-d1-t-a{}-s0", arm)); }

  void AllReady() {
    for (int arm = 0; arm < 3; ++arm) {
      run->OnStarted({{}, Id(arm), {arm + 1, 1, "boot"}, fmt::format("127.0.0.1:{}", 9000 + arm)}, intents,
                     now, out);
      run->OnReady({Id(arm)}, intents, now, out);
    }
  }
  // A second in which every shadow answers with this median.
  void Second(double median_us) {
    now.mono += std::chrono::seconds(1);
    now.wall += std::chrono::seconds(1);
    for (int arm = 0; arm < 3; ++arm) {
      const double load = run->trial().arms[static_cast<size_t>(arm)].load_rps;
      run->AddShadowWindow({Id(arm), Window(load, median_us)}, now);
    }
    run->AddProduction(Window(65, median_us), 130, 2, out);
    run->Tick(intents, now, out);
  }
  model::KpiWindow Window(double load, double median_us) {
    model::KpiWindow window;
    window.start = now.wall - std::chrono::seconds(1);
    window.length = std::chrono::seconds(1);
    window.offered = window.completed = static_cast<uint64_t>(load);
    window.synthetic = window.offered;
    for (uint64_t i = 0; i < window.offered; ++i) {
      window.latency_us.push_back(static_cast<uint32_t>(median_us * std::exp(0.25 * rng.Normal())));
    }
    window.cpu_seconds = load * 400e-6;
    window.memory_bytes = 40e6;
    return window;
  }
  const ports::SetTraffic* LastTraffic() const {
    const ports::SetTraffic* last = nullptr;
    for (const ports::Action& action : outcome.actions) {
      if (const auto* traffic = std::get_if<ports::SetTraffic>(&action.effect)) {
        last = traffic;
      }
    }
    return last;
  }
  int Stops() const {
    int stops = 0;
    for (const ports::Action& action : outcome.actions) {
      stops += std::holds_alternative<ports::StopReplica>(action.effect) ? 1 : 0;
    }
    return stops;
  }

  model::ServiceSpec spec;
  IntentBook intents;
  ports::Outcome outcome;
  ports::Outbox out{model::ServiceId("web"), outcome};
  Now now{MonoTime(std::chrono::seconds(100)), WallTime(std::chrono::hours(5))};
  Rng rng{4};
  std::optional<TrialRun> run;
};

}  // namespace

TEST_CASE("measuring waits for every shadow, then each is fed its load and the null arm production's") {
  Fixture f;
  CHECK(f.run->trial().state == TrialState::kStarting);
  CHECK(f.LastTraffic() == nullptr);
  f.AllReady();
  CHECK(f.run->trial().state == TrialState::kWarming);
  REQUIRE(f.LastTraffic() != nullptr);
  REQUIRE(f.LastTraffic()->feeds.size() == 3);
  CHECK(f.LastTraffic()->feeds[0].rate_rps == 135);
  CHECK(f.LastTraffic()->feeds[1].rate_rps == 108);
  CHECK(f.LastTraffic()->feeds[2].rate_rps == 65);
  // Each gets its requests as the balancer would split them at its level.
  CHECK(f.LastTraffic()->feeds[0].instances == 4);
  CHECK(f.LastTraffic()->feeds[1].instances == 5);
  CHECK(f.LastTraffic()->feeds[2].instances == 2);
}

TEST_CASE("the error bound is shared with the round that may follow") {
  Fixture f;
  f.AllReady();
  const auto engine_of = [&](int rounds) {
    analysis::EngineOptions options;
    options.slo = f.spec.slo;
    options.alpha = f.spec.trial.alpha;
    options.rounds = rounds;
    options.warm_up = f.spec.trial.warm_up;
    options.deadline = f.spec.trial.deadline;
    options.version = "1";
    return analysis::Engine(options, f.run->trial().arms);
  };
  analysis::Engine one = engine_of(1), two = engine_of(2);
  for (int second = 0; second < 12; ++second) {
    const Rng before = f.rng;
    f.Second(20'000);
    const Rng after = std::exchange(f.rng, before);
    for (size_t arm = 0; arm < 3; ++arm) {  // the same windows
      const model::KpiWindow window = f.Window(f.run->trial().arms[arm].load_rps, 20'000);
      one.AddShadowWindow(arm, window);
      two.AddShadowWindow(arm, window);
    }
    f.rng = after;
  }
  f.run->TakeVerdicts(f.now);
  const model::KpiDelta& measured = f.run->trial().arms[0].verdict.kpis[0];
  CHECK(measured.high == two.Verdicts(false)[0].kpis[0].high);
  CHECK(measured.high > one.Verdicts(false)[0].kpis[0].high);
}

TEST_CASE("a level that was measured of late has no shadow and keeps its verdict, the others are measured") {
  Fixture f;
  TrialRun::Setup setup;
  setup.trial.id = model::TrialId("web-d2-t");
  setup.trial.trigger.present_rps = 130;
  setup.trial.arms = {Fixture::Candidate(4, 135), Fixture::Candidate(5, 108)};
  setup.trial.arms[0].cached = true;
  setup.trial.arms[0].verdict.slo = model::SloAxis::kFails;
  setup.spec = f.spec;
  ports::Outcome outcome;
  ports::Outbox out(model::ServiceId("web"), outcome);
  TrialRun run(setup);
  run.Start(f.intents, f.now, out);
  CHECK(run.trial().arms[0].shadows.empty());
  REQUIRE(run.trial().arms[1].shadows.size() == 1);
  const model::ReplicaId id = run.trial().arms[1].shadows[0];
  run.OnStarted({{}, id, {7, 1, "boot"}, "127.0.0.1:9007"}, f.intents, f.now, out);
  run.OnReady({id}, f.intents, f.now, out);
  CHECK(run.trial().state == TrialState::kWarming);
  run.TakeVerdicts(f.now);
  CHECK(run.trial().arms[0].verdict.slo == model::SloAxis::kFails);
}

TEST_CASE("what the next model says of the arms' loads stands beside what the last one said") {
  Fixture f;
  std::vector<model::CapacityPoint> points;
  for (const double load : {40.0, 80.0, 120.0}) {
    model::CapacityPoint point;
    point.at = f.now.wall;
    point.version = "1";
    point.load_rps = load;
    point.requests = 2000;
    point.p50_us = 20'000;
    point.p95_us = 30'000;
    point.p99_us = 40'000;
    points.push_back(point);
  }
  f.run->NotePredictions(capacity::Curve::Fit(points, "1", f.now.wall));
  for (const model::Arm& arm : f.run->trial().arms) {
    CHECK(arm.predicted_after.load_rps == arm.load_rps);
    CHECK(arm.predicted_after.p95_us.expected == Approx(30'000).epsilon(0.1));
  }
}

TEST_CASE("a trial concludes when the verdict has settled, well before its deadline") {
  Fixture f;
  f.AllReady();
  int seconds = 0;
  while (!f.run->Concludable() && seconds < 22) {
    f.Second(20'000);
    ++seconds;
  }
  CHECK(f.run->Concludable());
  CHECK_FALSE(f.run->DeadlinePassed());
  const auto points = f.run->TakeVerdicts(f.now);
  CHECK(points.size() >= 2);
  CHECK(f.run->trial().arms[0].verdict.slo == model::SloAxis::kHolds);
}

TEST_CASE("the end stops traffic and every shadow, and the bill is written when all are gone") {
  Fixture f;
  f.AllReady();
  f.Second(20'000);
  f.run->End(TrialState::kSettled, "done", f.intents, f.now, f.out);
  CHECK(f.LastTraffic()->feeds.empty());
  CHECK(f.Stops() == 3);
  CHECK_FALSE(f.run->Gone());
  for (int arm = 0; arm < 3; ++arm) {
    f.run->OnStopped({{}, Fixture::Id(arm)}, f.intents, f.now, f.out);
  }
  REQUIRE(f.run->Gone());
  f.run->Settle(0.01, f.now, f.out);
  CHECK(f.run->trial().shadow_seconds == Approx(3.0));
  CHECK(f.run->trial().cost == Approx(0.03));
}

TEST_CASE("when no candidate is left there is nothing to measure") {
  Fixture f;
  for (int arm = 0; arm < 2; ++arm) {
    f.run->OnFailed({{}, Fixture::Id(arm), Unavailable("exited with code 1")}, f.intents, f.now, f.out);
    CHECK_FALSE(f.run->Concludable());
  }
  f.run->OnReady({Fixture::Id(2)}, f.intents, f.now, f.out);
  CHECK(f.run->Concludable());
  CHECK(f.run->DeadlinePassed());
  CHECK_THAT(f.run->trial().arms[0].verdict.reason, Catch::Contains("exited with code 1"));
}

TEST_CASE("shadows that never become ready end the wait") {
  Fixture f;
  f.now.mono += f.spec.instance.readiness.deadline + std::chrono::seconds(6);
  f.run->Tick(f.intents, f.now, f.out);
  CHECK(f.run->Concludable());
}

TEST_CASE("another round measures the same shadows at other levels") {
  Fixture f;
  f.AllReady();
  f.Second(20'000);
  f.run->NextRound({Fixture::Candidate(6, 90), Fixture::Candidate(7, 77), Fixture::NullArm()}, f.now, f.out);
  CHECK(f.run->trial().round == 2);
  CHECK(f.run->trial().state == TrialState::kWarming);
  CHECK(f.LastTraffic()->feeds[0].rate_rps == 90);
  CHECK(f.LastTraffic()->feeds[0].shadow == Fixture::Id(0));
  CHECK_FALSE(f.run->Concludable());
}

TEST_CASE("the null arm follows production's load") {
  Fixture f;
  f.AllReady();
  f.run->AddProduction(f.Window(100, 20'000), 200, 2, f.out);
  CHECK(f.LastTraffic()->feeds[2].rate_rps == 100);
}

TEST_CASE("a shadow that dies half-way proves nothing, whatever it had shown, and holds nobody up") {
  Fixture f;
  f.AllReady();
  for (int second = 0; second < 5; ++second) {
    f.Second(20'000);
  }
  REQUIRE_FALSE(f.run->Concludable());
  f.run->OnFailed({{}, Fixture::Id(0), Unavailable("killed by signal 9")}, f.intents, f.now, f.out);
  CHECK(f.LastTraffic()->feeds.size() == 2);
  int seconds = 5;
  while (!f.run->Concludable() && seconds < 22) {
    f.Second(20'000);  // windows of the dead one that are still on their way count for nothing
    ++seconds;
  }
  CHECK(f.run->Concludable());
  CHECK_FALSE(f.run->DeadlinePassed());  // the other candidate is not kept waiting for it
  const auto points = f.run->TakeVerdicts(f.now);
  const model::Trial& trial = f.run->trial();
  CHECK(trial.arms[0].verdict.slo == model::SloAxis::kUnknown);
  CHECK(trial.arms[0].verdict.model == model::ModelAxis::kUnknown);
  CHECK_THAT(trial.arms[0].verdict.reason,
             Catch::Contains("before it was judged") && Catch::Contains("killed by signal 9"));
  CHECK(trial.arms[1].verdict.slo == model::SloAxis::kHolds);
  CHECK(points.size() == 2);  // of the other candidate and the null arm
}

TEST_CASE("a shadow that dies of a load that it did not hold has failed all the same") {
  Fixture f;
  f.AllReady();
  for (int second = 0; second < 12; ++second) {
    f.Second(300'000);
  }
  f.run->OnFailed({{}, Fixture::Id(0), Unavailable("killed by signal 9")}, f.intents, f.now, f.out);
  f.run->TakeVerdicts(f.now);
  CHECK(f.run->trial().arms[0].verdict.slo == model::SloAxis::kFails);
}

TEST_CASE("an arm whose shadow never came up is not waited for") {
  Fixture f;
  f.run->OnFailed({{}, Fixture::Id(0), Unavailable("exited with code 1")}, f.intents, f.now, f.out);
  for (int arm = 1; arm < 3; ++arm) {
    f.run->OnStarted({{}, Fixture::Id(arm), {arm + 1, 1, "boot"}, "127.0.0.1:9000"}, f.intents, f.now, f.out);
    f.run->OnReady({Fixture::Id(arm)}, f.intents, f.now, f.out);
  }
  int seconds = 0;
  while (!f.run->Concludable() && seconds < 22) {
    f.Second(20'000);
    ++seconds;
  }
  CHECK_FALSE(f.run->DeadlinePassed());
  f.run->TakeVerdicts(f.now);
  CHECK_THAT(f.run->trial().arms[0].verdict.reason, Catch::Contains("exited with code 1"));
  CHECK(f.run->trial().arms[1].verdict.slo == model::SloAxis::kHolds);
}
