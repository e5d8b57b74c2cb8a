#include "sim/kept.h"

#include <catch2/catch.hpp>

using namespace shadowd;
using namespace shadowd::sim;

namespace {

model::Shadow ShadowIn(const char* id, model::ReplicaState state) {
  model::Shadow shadow;
  shadow.id = model::ReplicaId(id);
  shadow.state = state;
  return shadow;
}

model::Trial TrialIn(const char* id, model::TrialState state) {
  model::Trial trial;
  trial.id = model::TrialId(id);
  trial.state = state;
  return trial;
}

model::Decision DecisionIn(const char* id, model::DecisionState state) {
  model::Decision decision;
  decision.id = model::DecisionId(id);
  decision.state = state;
  return decision;
}

}  // namespace

TEST_CASE("the newest value of each id is kept") {
  Kept kept;
  kept.Put(ShadowIn("a", model::ReplicaState::kStarting));
  kept.Put(ShadowIn("b", model::ReplicaState::kStarting));
  kept.Put(ShadowIn("a", model::ReplicaState::kReady));
  CHECK(kept.shadows.size() == 2);
  CHECK(kept.shadows.at(model::ReplicaId("a")).state == model::ReplicaState::kReady);
}

TEST_CASE("a restart brings back what was open and nothing that had ended") {
  Kept kept;
  kept.Put(ShadowIn("alive", model::ReplicaState::kReady));
  kept.Put(ShadowIn("gone", model::ReplicaState::kStopped));
  kept.Put(TrialIn("open", model::TrialState::kMeasuring));
  kept.Put(TrialIn("over", model::TrialState::kSettled));
  kept.Put(DecisionIn("applying", model::DecisionState::kApplying));
  kept.Put(DecisionIn("applied", model::DecisionState::kApplied));
  kept.Put(ports::SequenceSet{17});
  const ports::Restored restored = kept.Restore();
  REQUIRE(restored.shadows.size() == 1);
  CHECK(restored.shadows[0].id == model::ReplicaId("alive"));
  REQUIRE(restored.open_trials.size() == 1);
  CHECK(restored.open_trials[0].id == model::TrialId("open"));
  REQUIRE(restored.open_decisions.size() == 1);
  CHECK(restored.open_decisions[0].id == model::DecisionId("applying"));
  CHECK(restored.next_sequence == 17);
}

TEST_CASE("of the model's versions the newest are kept, and a removed service leaves nothing") {
  Kept kept;
  for (int number = 1; number <= 20; ++number) {
    model::ModelVersion version;
    version.number = number;
    kept.Put(version);
  }
  REQUIRE(kept.models.size() == 8);
  CHECK(kept.models.front().number == 13);
  CHECK(kept.models.back().number == 20);
  kept.Put(ports::ServiceRemoved{model::ServiceId("web")});
  CHECK(kept.models.empty());
  CHECK(kept.next_sequence == 1);
}
