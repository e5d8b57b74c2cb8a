#include "store/retention.h"

#include "require_ok.h"
#include "store/migrations.h"
#include "store/state_writer.h"
#include "unit/store/samples.h"
#include "unit/store/temp_directory.h"

namespace shadowd::store {
namespace {

struct Fixture {
  TempDirectory directory;
  StatusOr<Database> state = Database::Open(directory / "state.db", Access::kReadWrite, Sync::kNormal);
  Retention retention;

  Fixture() {
    REQUIRE_OK(state);
    REQUIRE_OK(Migrate(*state, StateSchema(), kStateApplicationId));
    REQUIRE_OK(state->Run("BEGIN IMMEDIATE"));
  }
  void Put(const std::string& service, ports::Change change) {
    const ports::Mutation mutation = Of(service, std::move(change));
    REQUIRE_OK(ApplyToState(*state, mutation, 1));
    retention.Touch(mutation);
  }
  void PutIntents(const std::string& service, int from, int to, model::IntentState intent_state) {
    for (int i = from; i < to; ++i) {
      model::Intent intent = SampleIntent(service, i);
      intent.state = intent_state;
      Put(service, intent);
    }
  }
  int64_t Pass() {
    const StatusOr<int64_t> deleted = retention.Pass(*state);
    REQUIRE_OK(deleted);
    return *deleted;
  }
  int64_t Int(const std::string& sql) {
    const StatusOr<int64_t> value = state->QueryInt(sql);
    REQUIRE_OK(value);
    return *value;
  }
};

TEST_CASE_METHOD(Fixture,
                 "of what has ended the newest are kept, per service, and what is open is not touched") {
  PutIntents("web", 0, 10, model::IntentState::kPending);
  PutIntents("web", 10, 10 + kEndedMax + 30, model::IntentState::kDone);
  PutIntents("api", 0, 20, model::IntentState::kFailed);
  CHECK(Pass() == 30);
  CHECK(Int("SELECT count(*) FROM intents WHERE service = 'web' AND ended") == kEndedMax);
  CHECK(Int("SELECT count(*) FROM intents WHERE service = 'web' AND NOT ended") == 10);
  CHECK(Int("SELECT count(*) FROM intents WHERE service = 'api'") == 20);
  CHECK(Int("SELECT count(*) FROM intents WHERE id = 'web-k39'") == 0);
  CHECK(Int("SELECT count(*) FROM intents WHERE id = 'web-k40'") == 1);
}

TEST_CASE_METHOD(Fixture,
                 "a pass deletes a bounded number and the next ones go on, untouched services aside") {
  PutIntents("web", 0, kEndedMax + kDeletesMax + 7, model::IntentState::kDone);
  CHECK(Pass() == kDeletesMax);
  CHECK(Pass() == 7);
  CHECK(Pass() == 0);
}

TEST_CASE_METHOD(Fixture, "the newest models and ledger entries are kept") {
  for (int i = 1; i <= kEndedMax + 5; ++i) {
    model::ModelVersion version = SampleModel("web", i);
    version.create_time = At(0);  // the number orders, not the clock
    Put("web", version);
    Put("web", SampleLedgerEntry("web", i));
  }
  CHECK(Pass() == 10);
  CHECK(Int("SELECT min(number) FROM models") == 6);
  CHECK(Int("SELECT count(*) FROM ledger WHERE decision = 'web-d5'") == 0);
  CHECK(Int("SELECT count(*) FROM ledger") == kEndedMax);
}

TEST_CASE_METHOD(Fixture, "few ended instances are kept, and all that live") {
  for (int i = 0; i < kEndedInstancesMax + 20; ++i) {
    model::Instance instance = SampleInstance("web", i);
    instance.state = i < 5 ? model::ReplicaState::kServing : model::ReplicaState::kStopped;
    Put("web", instance);
  }
  CHECK(Pass() == 15);
  CHECK(Int("SELECT count(*) FROM instances WHERE NOT ended") == 5);
  CHECK(Int("SELECT count(*) FROM instances WHERE ended") == kEndedInstancesMax);
}

TEST_CASE_METHOD(Fixture, "the audit keeps its newest entries") {
  REQUIRE_OK(state->Run(
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) INSERT INTO audit "
      "(at_us, actor, method, resource, detail, revision) SELECT i, '', '', '', '', 1 FROM n",
      kAuditMax + 12));
  CHECK(Pass() == 12);
  CHECK(Int("SELECT min(sequence) FROM audit") == 13);
  CHECK(Int("SELECT count(*) FROM audit") == kAuditMax);
}

TEST_CASE_METHOD(Fixture, "after a start every service is due") {
  Put("web", SampleService("web"));
  PutIntents("web", 0, kEndedMax + 3, model::IntentState::kDone);
  Retention fresh;
  CHECK_FALSE(fresh.due());
  REQUIRE_OK(fresh.TouchAll(*state));
  CHECK(fresh.due());
  const StatusOr<int64_t> deleted = fresh.Pass(*state);
  REQUIRE_OK(deleted);
  CHECK(*deleted == 3);
  CHECK_FALSE(fresh.due());
}

}  // namespace
}  // namespace shadowd::store
