#include "store/reader.h"

#include "require_ok.h"
#include "store/committer.h"
#include "unit/store/samples.h"
#include "unit/store/temp_directory.h"

namespace shadowd::store {
namespace {

struct Fixture {
  TempDirectory directory;
  std::unique_ptr<Committer> committer;
  std::unique_ptr<Reader> reader;

  Fixture() {
    auto opened = Committer::Open(directory.path());
    REQUIRE_OK(opened);
    committer = *std::move(opened);
    auto read = Reader::Open(StatePath(directory.path()), TelemetryPath(directory.path()));
    REQUIRE_OK(read);
    reader = *std::move(read);
  }
  void Commit(std::vector<ports::Mutation> mutations) {
    std::vector<Batch> group(1);
    group[0].mutations = std::move(mutations);
    REQUIRE_OK(committer->Commit(group));
    REQUIRE_OK(group[0].revision);
  }
  Snapshot Load() {
    StatusOr<Snapshot> snapshot = reader->Load();
    REQUIRE_OK(snapshot);
    return *std::move(snapshot);
  }
};

TEST_CASE_METHOD(Fixture, "an empty store loads as nothing") {
  const Snapshot snapshot = Load();
  CHECK(snapshot.services.empty());
  CHECK(snapshot.resources.empty());
  CHECK_FALSE(snapshot.frozen);
}

TEST_CASE_METHOD(Fixture, "what is open comes back to its service, what has ended only as a resource") {
  model::Instance gone = SampleInstance("web", 2);
  gone.state = model::ReplicaState::kStopped;
  model::Decision decided = SampleDecision("web", 2);
  decided.state = model::DecisionState::kApplied;
  model::Intent closed = SampleIntent("web", 2);
  closed.state = model::IntentState::kDone;
  Commit({Of("web", SampleService("web")), Of("web", SampleInstance("web", 1)), Of("web", gone),
          Of("web", SampleDecision("web", 1)), Of("web", decided), Of("web", SampleIntent("web", 1)),
          Of("web", closed)});
  const Snapshot snapshot = Load();
  REQUIRE(snapshot.services.size() == 1);
  const ports::Restored& web = snapshot.services[0];
  CHECK(web.instances == std::vector{SampleInstance("web", 1)});
  CHECK(web.open_decisions == std::vector{SampleDecision("web", 1)});
  CHECK(web.pending_intents == std::vector{SampleIntent("web", 1)});
  CHECK(web.next_sequence == 1);
  CHECK(snapshot.resources.size() == 5);  // the service, two instances, two decisions
}

TEST_CASE_METHOD(Fixture, "a machine gets its newest models, newest last") {
  std::vector<ports::Mutation> mutations = {Of("web", SampleService("web"))};
  for (int number = 1; number <= 40; ++number) {
    mutations.push_back(Of("web", SampleModel("web", number)));
  }
  Commit(std::move(mutations));
  const Snapshot snapshot = Load();
  REQUIRE(snapshot.services.size() == 1);
  CHECK(snapshot.services[0].models.size() == 32);
  CHECK(snapshot.services[0].models.back() == SampleModel("web", 40));
  CHECK(snapshot.resources.size() == 41);
}

TEST_CASE_METHOD(Fixture, "what is left of no known service goes to nobody") {
  Commit({Of("web", SampleService("web")), Of("gone", SampleInstance("gone", 1)),
          Of("gone", ports::SequenceSet{4})});
  const Snapshot snapshot = Load();
  REQUIRE(snapshot.services.size() == 1);
  CHECK(snapshot.services[0].instances.empty());
  CHECK(snapshot.services[0].next_sequence == 1);
}

TEST_CASE_METHOD(Fixture, "a row that does not decode is data loss and named") {
  Commit({Of("web", SampleService("web")), Of("web", SampleTrial("web", 1))});
  auto vandal = Database::Open(StatePath(directory.path()), Access::kReadWrite, Sync::kFull);
  REQUIRE_OK(vandal);
  REQUIRE_OK(vandal->Run("UPDATE trials SET body = x'ffffff'"));
  const Status status = reader->Load().status();
  CHECK(absl::IsDataLoss(status));
  CHECK(MessageOf(status).find("web-t1") != std::string::npos);
}

TEST_CASE_METHOD(Fixture, "the audit is listed newest first, in pages") {
  for (int i = 0; i < 5; ++i) {
    Commit({Of("", SampleAudit(i))});
  }
  const auto newest = reader->ListAudit(kNewest, 2);
  REQUIRE_OK(newest);
  CHECK(Entries(*newest) == std::vector{SampleAudit(4), SampleAudit(3)});
  const auto older = reader->ListAudit(newest->back().sequence, 10);
  REQUIRE_OK(older);
  CHECK(Entries(*older) == std::vector{SampleAudit(2), SampleAudit(1), SampleAudit(0)});
  CHECK(FieldOf(reader->ListAudit(kNewest, -1).status()) == "limit");
}

TEST_CASE_METHOD(Fixture, "pages lose no entry of the same microsecond, nor one of a clock that went back") {
  model::AuditEntry same = SampleAudit(7);
  model::AuditEntry back = SampleAudit(3);
  Commit({Of("", same), Of("", same), Of("", back), Of("", same)});
  std::vector<model::AuditEntry> seen;
  int64_t before = kNewest;
  for (auto page = reader->ListAudit(before, 1); !page->empty(); page = reader->ListAudit(before, 1)) {
    seen.push_back(page->front().entry);
    before = page->front().sequence;
  }
  CHECK(seen == std::vector{same, back, same, same});
}

TEST_CASE_METHOD(Fixture, "demand is loaded at the service's own resolution") {
  Commit({Of("web", SampleService("web")), Of("web", ports::DemandRecorded{At(0), 100}),
          Of("web", ports::DemandRecorded{At(1), 110})});
  Snapshot snapshot = Load();
  REQUIRE_OK(reader->LoadDemand(At(2), snapshot));
  const auto& demand = snapshot.services.at(0).demand_rps;
  REQUIRE(demand.size() == 2);
  CHECK(demand[0].second == 100.0);
  CHECK(demand[1].second == 110.0);
  CHECK(demand[1].first - demand[0].first == std::chrono::seconds(1));
  Snapshot late = Load();
  REQUIRE_OK(reader->LoadDemand(At(0) + kRollupKept + std::chrono::seconds(10), late));
  CHECK(late.services.at(0).demand_rps.empty());
}

}  // namespace
}  // namespace shadowd::store
