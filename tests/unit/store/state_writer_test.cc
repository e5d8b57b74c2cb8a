#include "store/state_writer.h"

#include "require_ok.h"
#include "store/migrations.h"
#include "unit/store/samples.h"
#include "unit/store/temp_directory.h"

namespace shadowd::store {
namespace {

struct Fixture {
  TempDirectory directory;
  StatusOr<Database> state = Database::Open(directory / "state.db", Access::kReadWrite, Sync::kFull);

  Fixture() {
    REQUIRE_OK(state);
    REQUIRE_OK(Migrate(*state, StateSchema(), kStateApplicationId));
  }
  Status Apply(const std::string& service, ports::Change change, int64_t revision = 1) {
    return ApplyToState(*state, Of(service, std::move(change)), revision);
  }
  int64_t Int(const std::string& sql) {
    const StatusOr<int64_t> value = state->QueryInt(sql);
    REQUIRE_OK(value);
    return *value;
  }
};

void ApplyOneOfEach(Fixture& fixture, const std::string& service) {
  REQUIRE_OK(fixture.Apply(service, SampleService(service)));
  REQUIRE_OK(fixture.Apply(service, SampleInstance(service, 1)));
  REQUIRE_OK(fixture.Apply(service, SampleShadow(service, 1)));
  REQUIRE_OK(fixture.Apply(service, SampleTrial(service, 1)));
  REQUIRE_OK(fixture.Apply(service, SampleDecision(service, 1)));
  REQUIRE_OK(fixture.Apply(service, SampleModel(service, 1)));
  REQUIRE_OK(fixture.Apply(service, SampleLedgerEntry(service, 1)));
  REQUIRE_OK(fixture.Apply(service, SampleIntent(service, 1)));
  REQUIRE_OK(fixture.Apply(service, ports::SequenceSet{.next = 12}));
  REQUIRE_OK(fixture.Apply(service, SampleAudit(1)));
}

const char* const kServiceTables[] = {"services", "instances", "shadows", "trials",   "decisions",
                                      "models",   "ledger",    "intents", "sequences"};

TEST_CASE_METHOD(Fixture, "a resource written again replaces its row and takes the newer revision") {
  model::Trial trial = SampleTrial("web", 1);
  REQUIRE_OK(Apply("web", trial, 5));
  CHECK(Int("SELECT ended FROM trials") == 0);
  trial.state = model::TrialState::kSettled;
  REQUIRE_OK(Apply("web", trial, 6));
  CHECK(Int("SELECT count(*) FROM trials") == 1);
  CHECK(Int("SELECT ended FROM trials") == 1);
  CHECK(Int("SELECT revision FROM trials") == 6);
}

TEST_CASE_METHOD(Fixture,
                 "the removal of a service takes all of its rows, nobody else's, and not the audit") {
  ApplyOneOfEach(*this, "web");
  ApplyOneOfEach(*this, "api");
  REQUIRE_OK(Apply("web", ports::ServiceRemoved{model::ServiceId("web")}));
  for (const char* table : kServiceTables) {
    INFO(table);
    CHECK(Int(fmt::format("SELECT count(*) FROM {}", table)) == 1);
  }
  CHECK(Int("SELECT count(*) FROM audit") == 2);
}

TEST_CASE_METHOD(Fixture, "every state of every machine fits the schema") {
  for (int i = 0; i <= static_cast<int>(model::ReplicaState::kFailed); ++i) {
    model::Instance instance = SampleInstance("web", i);
    instance.state = static_cast<model::ReplicaState>(i);
    REQUIRE_OK(Apply("web", instance));
    model::Shadow shadow = SampleShadow("web", i);
    shadow.state = static_cast<model::ReplicaState>(i);
    REQUIRE_OK(Apply("web", shadow));
  }
  for (int i = 0; i <= static_cast<int>(model::TrialState::kInconclusive); ++i) {
    model::Trial trial = SampleTrial("web", i);
    trial.state = static_cast<model::TrialState>(i);
    REQUIRE_OK(Apply("web", trial));
  }
  for (int i = 0; i <= static_cast<int>(model::DecisionState::kSuperseded); ++i) {
    model::Decision decision = SampleDecision("web", i);
    decision.state = static_cast<model::DecisionState>(i);
    REQUIRE_OK(Apply("web", decision));
  }
  for (int i = 0; i <= static_cast<int>(model::IntentState::kFailed); ++i) {
    model::Intent intent = SampleIntent("web", i);
    intent.state = static_cast<model::IntentState>(i);
    REQUIRE_OK(Apply("web", intent));
  }
  CHECK(Int("SELECT count(*) FROM instances WHERE ended") == 2);
  CHECK(Int("SELECT count(*) FROM shadows WHERE ended") == 2);
  CHECK(Int("SELECT count(*) FROM trials WHERE NOT ended") == 3);
  CHECK(Int("SELECT count(*) FROM decisions WHERE NOT ended") == 3);
  CHECK(Int("SELECT count(*) FROM intents WHERE ended") == 2);
}

TEST_CASE_METHOD(Fixture, "a resource without its id is refused by the name of the field") {
  model::Trial trial = SampleTrial("web", 1);
  trial.id = model::TrialId();
  CHECK(FieldOf(Apply("web", trial)) == "trial.id");
  model::Intent intent = SampleIntent("web", 1);
  intent.service = model::ServiceId();
  CHECK(FieldOf(Apply("web", intent)) == "service");
  model::LedgerEntry entry = SampleLedgerEntry("web", 1);
  entry.decision = model::DecisionId();
  CHECK(FieldOf(Apply("web", entry)) == "ledger.decision");
  CHECK(FieldOf(Apply("web", model::Service())) == "service.id");
  CHECK(FieldOf(Apply("", ports::SequenceSet{.next = 2})) == "sequence.service");
  CHECK(absl::IsFailedPrecondition(Apply("web", ports::SequenceSet{.next = 0})));
}

TEST_CASE("demand and forecasts are not for state.db") {
  CHECK_FALSE(GoesToState(ports::DemandRecorded()));
  CHECK_FALSE(GoesToState(model::Forecast()));
  CHECK(GoesToState(model::Service()));
  CHECK(GoesToState(ports::FrozenSet()));
}

}  // namespace
}  // namespace shadowd::store
