#include "shadow/shadow_set.h"

#include <catch2/catch.hpp>

using namespace shadowd;
using namespace shadowd::shadow;
using model::ReplicaState;

namespace {

struct Fixture {
  model::ServiceSpec spec;
  IntentBook intents;
  ports::Outcome outcome;
  ports::Outbox out{model::ServiceId("web"), outcome};
  Now now{MonoTime(std::chrono::seconds(100)), WallTime(std::chrono::seconds(1000))};

  ShadowSet Started() {
    spec.id = model::ServiceId("web");
    spec.shadows.ttl = std::chrono::minutes(2);
    spec.shadows.idle_timeout = std::chrono::seconds(30);
    ShadowSet set(spec);
    set.Start(model::TrialId("t"), 0, model::ReplicaId("a"), "1", intents, now, out);
    return set;
  }
  int Stops() const {
    int stops = 0;
    for (const ports::Action& action : outcome.actions) {
      stops += std::holds_alternative<ports::StopReplica>(action.effect) ? 1 : 0;
    }
    return stops;
  }
};

const model::ReplicaId kId("a");

}  // namespace

TEST_CASE("every state answers every input, and what has ended never moves") {
  for (int state = 0; state <= static_cast<int>(ReplicaState::kFailed); ++state) {
    for (int input = 0; input <= static_cast<int>(ShadowInput::kStopped); ++input) {
      const ShadowMove move = MoveOf(static_cast<ReplicaState>(state), static_cast<ShadowInput>(input));
      const bool ended = static_cast<ReplicaState>(state) == ReplicaState::kStopped ||
                         static_cast<ReplicaState>(state) == ReplicaState::kFailed;
      if (ended) {
        CHECK(move == ShadowMove::kNone);
      }
      if (static_cast<ShadowInput>(input) == ShadowInput::kReady && move == ShadowMove::kToReady) {
        CHECK(static_cast<ReplicaState>(state) == ReplicaState::kStarting);
      }
    }
  }
}

TEST_CASE("a shadow is started with its class, lease and ttl") {
  Fixture f;
  f.spec.shadows.lease = std::chrono::seconds(7);
  const ShadowSet set = f.Started();
  REQUIRE(f.outcome.actions.size() == 1);
  const auto& start = std::get<ports::StartReplica>(f.outcome.actions[0].effect);
  CHECK(start.role == model::Role::kShadow);
  CHECK(start.lease == std::chrono::seconds(7));
  CHECK(start.ttl == std::chrono::minutes(2));
  CHECK(start.shadow_class.cpu_idle);
  CHECK_FALSE(set.AllArrived());
}

TEST_CASE("an idle shadow is ended, one with requests is kept until its ttl") {
  Fixture f;
  ShadowSet set = f.Started();
  set.OnReady({kId}, f.intents, f.now, f.out);
  CHECK(set.AllArrived());
  f.now.mono += std::chrono::seconds(29);
  set.NoteRequests(kId, 5, f.now);
  f.now.mono += std::chrono::seconds(29);
  set.EndOverdue(f.intents, f.now, f.out);
  CHECK(f.Stops() == 0);
  SECTION("idle") {
    f.now.mono += std::chrono::seconds(1);
    set.EndOverdue(f.intents, f.now, f.out);
    CHECK(f.Stops() == 1);
    CHECK(set.Find(kId)->error == "idle for longer than idle_timeout");
  }
  SECTION("ttl") {
    for (int i = 0; i < 3; ++i) {
      f.now.mono += std::chrono::seconds(25);
      set.NoteRequests(kId, 5, f.now);
    }
    set.EndOverdue(f.intents, f.now, f.out);
    CHECK(f.Stops() == 1);
    CHECK(set.Find(kId)->error == "ran longer than its ttl");
  }
}

TEST_CASE("a stop that overtakes the start still ends the shadow") {
  Fixture f;
  ShadowSet set = f.Started();
  set.StopAll(f.intents, f.now, f.out);
  CHECK(f.Stops() == 1);
  const auto& start = std::get<ports::StartReplica>(f.outcome.actions[0].effect);
  set.OnStarted({start.key, kId, {5, 6, "b"}, "127.0.0.1:1"}, f.intents, f.now, f.out);
  CHECK_FALSE(set.AllGone());
  set.OnReady({kId}, f.intents, f.now, f.out);
  CHECK(set.Find(kId)->state == ReplicaState::kStopping);
  set.OnStopped({{}, kId}, f.intents, f.now, f.out);
  CHECK(set.AllGone());
}

TEST_CASE("a shadow that fails says why and counts as gone") {
  Fixture f;
  ShadowSet set = f.Started();
  set.OnFailed({{}, kId, Unavailable("not ready within 30 s")}, f.intents, f.now, f.out);
  CHECK(set.AllGone());
  CHECK(set.Find(kId)->error == "not ready within 30 s");
}
