#include "control/fleet.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <set>

#include "base/rng.h"

using namespace shadowd;
using namespace shadowd::control;
using model::IntentKind;
using model::ReplicaState;

namespace {

// Plays the world for a fleet: every action is answered at once, unless told otherwise.
class Host {
 public:
  Fleet fleet;
  shadow::IntentBook intents;
  Now now{MonoTime(std::chrono::hours(1)), WallTime(std::chrono::hours(10))};
  bool fail_starts = false;
  std::set<std::string> running, serving;
  int most_running = 0, least_serving = 1000;
  std::vector<model::Intent> open;

  void Plan(int target, const std::string& version) {
    FleetPlan plan;
    plan.target = target;
    plan.version = version;
    plan.version_label = version;
    plan.haproxy.socket = "/run/haproxy.sock";
    plan.haproxy.backend = "web";
    fleet.SetPlan(plan);
  }

  void Reconcile() {
    ports::Outcome outcome;
    ports::Outbox out(model::ServiceId("web"), outcome);
    fleet.Reconcile(intents, now, out);
    Play(outcome);
  }

  // Does the actions of an outcome, and of what follows from them, until it is quiet.
  void Play(ports::Outcome outcome) {
    for (const ports::Action& action : outcome.actions) {
      ports::Outcome next;
      ports::Outbox out(model::ServiceId("web"), next);
      now.mono += std::chrono::milliseconds(100);
      if (const auto* start = std::get_if<ports::StartReplica>(&action.effect)) {
        if (fail_starts) {
          fleet.OnFailed({start->key, start->replica, Unavailable("exited with code 1")}, intents, now, out);
        } else {
          running.insert(start->replica.str());
          most_running = std::max(most_running, static_cast<int>(running.size()));
          fleet.OnStarted({start->key, start->replica, {42, 7, "boot"}, "127.0.0.1:9000"}, intents, now, out);
          fleet.OnReady({start->replica}, intents, now, out);
        }
      } else if (const auto* stop = std::get_if<ports::StopReplica>(&action.effect)) {
        CHECK_FALSE(serving.contains(stop->replica.str()));  // it left the balancer first
        running.erase(stop->replica.str());
        fleet.OnStopped({stop->key, stop->replica}, intents, now, out);
      } else if (const auto* add = std::get_if<ports::AddServer>(&action.effect)) {
        serving.insert(add->replica.str());
        fleet.OnServerChanged({add->key, IntentKind::kAddServer, add->replica, Status()}, intents, now, out);
      } else if (const auto* drain = std::get_if<ports::DrainServer>(&action.effect)) {
        serving.erase(drain->replica.str());
        least_serving = std::min(least_serving, static_cast<int>(serving.size()));
        fleet.OnServerChanged({drain->key, IntentKind::kDrainServer, drain->replica, Status()}, intents, now,
                              out);
      } else if (const auto* remove = std::get_if<ports::RemoveServer>(&action.effect)) {
        serving.erase(remove->replica.str());
        fleet.OnServerChanged({remove->key, IntentKind::kRemoveServer, remove->replica, Status()}, intents,
                              now, out);
      }
      Play(std::move(next));
    }
  }
};

}  // namespace

TEST_CASE("a fleet grows to its target, and every instance is in the balancer") {
  Host host;
  host.Plan(3, "1");
  host.Reconcile();
  CHECK(host.fleet.Converged());
  CHECK(host.serving.size() == 3);
  CHECK(host.intents.pending() == 0);
  CHECK(host.fleet.TakeStartSeconds().size() == 3);
}

TEST_CASE("a scale-in drains, leaves the balancer, then stops") {
  Host host;
  host.Plan(3, "1");
  host.Reconcile();
  host.Plan(1, "1");
  host.Reconcile();
  CHECK(host.fleet.Converged());
  CHECK(host.running.size() == 1);
  CHECK(host.running == host.serving);
}

TEST_CASE("a new version rolls one at a time and production never has fewer than its target") {
  Host host;
  host.Plan(3, "1");
  host.Reconcile();
  const std::set<std::string> old = host.running;
  host.most_running = 0;
  host.least_serving = 1000;
  host.Plan(3, "2");
  for (int i = 0; i < 20 && !host.fleet.Converged(); ++i) {
    host.Reconcile();
  }
  CHECK(host.fleet.Converged());
  CHECK(host.most_running <= 4);
  CHECK(host.least_serving >= 3);
  for (const std::string& id : host.running) {
    CHECK_FALSE(old.contains(id));
  }
}

TEST_CASE("failing starts back off and are reported as stuck") {
  Host host;
  host.fail_starts = true;
  host.Plan(1, "1");
  host.Reconcile();
  CHECK_FALSE(host.fleet.Stuck());
  host.Reconcile();  // too early: nothing is started
  CHECK_FALSE(host.fleet.Stuck());
  for (int i = 0; i < 10; ++i) {
    REQUIRE(host.fleet.NextRetry().has_value());
    host.now.mono = std::max(host.now.mono, *host.fleet.NextRetry());
    host.Reconcile();
  }
  REQUIRE(host.fleet.Stuck());
  CHECK_THAT(*host.fleet.Stuck(), Catch::Contains("exited with code 1"));
  host.fail_starts = false;
  host.now.mono = *host.fleet.NextRetry();
  host.Reconcile();
  CHECK(host.fleet.Converged());
  CHECK_FALSE(host.fleet.Stuck());
}

TEST_CASE("an instance that dies is taken out of the balancer and replaced") {
  Host host;
  host.Plan(2, "1");
  host.Reconcile();
  const std::string victim = *host.running.begin();
  host.running.erase(victim);
  ports::Outcome outcome;
  ports::Outbox out(model::ServiceId("web"), outcome);
  host.fleet.OnFailed({{}, model::ReplicaId(victim), Aborted("killed by signal 9")}, host.intents, host.now,
                      out);
  host.Play(std::move(outcome));
  host.now.mono += std::chrono::minutes(2);
  host.Reconcile();
  CHECK(host.fleet.Converged());
  CHECK_FALSE(host.serving.contains(victim));
  CHECK(host.serving.size() == 2);
}

TEST_CASE("a server that the balancer lost is added again") {
  Host host;
  host.Plan(2, "1");
  host.Reconcile();
  const std::string kept = *host.serving.begin();
  const std::string lost = *host.serving.rbegin();
  host.serving.erase(lost);
  ports::Outcome outcome;
  ports::Outbox out(model::ServiceId("web"), outcome);
  host.fleet.OnServerNames({kept}, host.intents, host.now, out);
  REQUIRE(std::count_if(outcome.actions.begin(), outcome.actions.end(), [](const ports::Action& action) {
            return std::holds_alternative<ports::AddServer>(action.effect);
          }) == 1);
  host.Play(std::move(outcome));
  CHECK(host.serving.contains(lost));
}

TEST_CASE("a restart adopts what lives and replaces what is gone") {
  Host before;
  before.Plan(2, "1");
  before.Reconcile();
  std::vector<model::Instance> stored;
  for (const std::string& id : before.running) {
    model::Instance instance;
    instance.id = model::ReplicaId(id);
    instance.service = model::ServiceId("web");
    instance.version = "1";
    instance.state = ReplicaState::kServing;
    stored.push_back(instance);
  }
  Host after;
  after.intents = shadow::IntentBook(100);
  after.running = before.running;
  after.serving = before.serving;
  after.Plan(2, "1");
  after.fleet.Restore(stored);
  after.Reconcile();
  CHECK(after.running.size() == 2);  // nothing is started while it is unknown what lives
  for (const model::Instance& instance : stored) {
    const bool alive = instance.id == stored.front().id;
    if (!alive) {
      after.running.erase(instance.id.str());
    }
    ports::Outcome outcome;
    ports::Outbox out(model::ServiceId("web"), outcome);
    after.fleet.OnFound({instance.id, alive}, after.intents, after.now, out);
    after.Play(std::move(outcome));
  }
  after.now.mono += std::chrono::minutes(2);
  after.Reconcile();
  CHECK(after.fleet.Converged());
  CHECK(after.serving.contains(stored.front().id.str()));
  CHECK_FALSE(after.serving.contains(stored.back().id.str()));
}

TEST_CASE("the life cycle never moves an instance that has ended") {
  for (const ReplicaState ended : {ReplicaState::kStopped, ReplicaState::kFailed}) {
    for (int input = 0; input <= static_cast<int>(InstanceInput::kFailed); ++input) {
      CHECK(MoveOf(ended, static_cast<InstanceInput>(input)) == InstanceMove::kNone);
    }
  }
}

TEST_CASE("only an instance that is READY or already SERVING comes into the balancer") {
  for (int state = 0; state <= static_cast<int>(ReplicaState::kFailed); ++state) {
    const InstanceMove move = MoveOf(static_cast<ReplicaState>(state), InstanceInput::kAdded);
    CHECK((move == InstanceMove::kToServing) == (static_cast<ReplicaState>(state) == ReplicaState::kReady));
  }
}
