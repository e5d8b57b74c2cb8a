#include "store/committer.h"

#include <cmath>
#include <filesystem>
#include <fstream>

#include "require_ok.h"
#include "store/reader.h"
#include "unit/store/fault_vfs.h"
#include "unit/store/samples.h"
#include "unit/store/temp_directory.h"

namespace shadowd::store {
namespace {

struct Fixture {
  FaultVfs vfs;
  TempDirectory directory;
  std::unique_ptr<Committer> committer;

  Fixture() { Reopen(); }
  void Reopen() {
    committer.reset();
    auto opened = Committer::Open(directory.path());
    REQUIRE_OK(opened);
    committer = *std::move(opened);
  }
  Snapshot Load() {
    auto reader = Reader::Open(StatePath(directory.path()), TelemetryPath(directory.path()));
    REQUIRE_OK(reader);
    StatusOr<Snapshot> snapshot = (*reader)->Load();
    REQUIRE_OK(snapshot);
    return *std::move(snapshot);
  }
};

Batch BatchOf(std::vector<ports::Mutation> mutations) {
  Batch batch;
  batch.mutations = std::move(mutations);
  return batch;
}

Batch BadBatch() {
  return BatchOf({Of("web", SampleInstance("web", 9)), Of("web", ports::SequenceSet{.next = 0})});
}

std::string BigDetail() {
  return std::string(200'000, 'x');
}

Batch BigBatch() {
  model::AuditEntry entry = SampleAudit(1);
  entry.detail = BigDetail();
  return BatchOf({Of("", entry)});
}

TEST_CASE_METHOD(Fixture, "a batch that is refused fails alone and whole, and takes no revision") {
  std::vector<Batch> group;
  group.push_back(BatchOf({Of("web", SampleService("web"))}));
  group.push_back(BadBatch());
  group.push_back(BatchOf({Of("web", SampleInstance("web", 1))}));
  REQUIRE_OK(committer->Commit(group));
  REQUIRE_OK(group[0].revision);
  CHECK(absl::IsFailedPrecondition(group[1].revision.status()));
  REQUIRE_OK(group[2].revision);
  CHECK(*group[2].revision == *group[0].revision + 1);
  const Snapshot snapshot = Load();
  REQUIRE(snapshot.services.size() == 1);
  CHECK(snapshot.services[0].instances == std::vector{SampleInstance("web", 1)});
}

TEST_CASE_METHOD(Fixture, "a group is one sync of state.db, and demand alone needs none") {
  std::vector<Batch> first;
  first.push_back(BatchOf({Of("web", SampleService("web"))}));
  REQUIRE_OK(committer->Commit(first));
  std::vector<Batch> group;
  for (int i = 0; i < 20; ++i) {
    group.push_back(BatchOf({Of("web", SampleInstance("web", i))}));
  }
  int before = vfs.syncs();
  REQUIRE_OK(committer->Commit(group));
  CHECK(vfs.syncs() == before + 1);
  std::vector<Batch> demand;
  demand.push_back(BatchOf({Of("web", ports::DemandRecorded{At(0), 5})}));
  before = vfs.syncs();
  REQUIRE_OK(committer->Commit(demand));
  REQUIRE_OK(demand[0].revision);
  CHECK(*demand[0].revision == *group.back().revision + 1);
  CHECK(vfs.syncs() == before);
}

TEST_CASE_METHOD(Fixture, "a full disk fails the group, keeps what was there, and heals") {
  std::vector<Batch> kept;
  kept.push_back(BatchOf({Of("web", SampleService("web"))}));
  REQUIRE_OK(committer->Commit(kept));
  const int writes = GENERATE(0, 1, 2, 5, 20);
  vfs.FailWritesAfter(writes, "state.db");
  std::vector<Batch> group;
  group.push_back(BatchOf({Of("web", SampleInstance("web", 1))}));
  group.push_back(BigBatch());
  const Status status = committer->Commit(group);
  CHECK(absl::IsResourceExhausted(status));
  CHECK(absl::IsResourceExhausted(group[0].revision.status()));
  CHECK(absl::IsResourceExhausted(group[1].revision.status()));
  CHECK_FALSE(committer->Probe().ok());

  vfs.Heal();
  REQUIRE_OK(committer->Probe());
  CHECK(Load().services.at(0).instances.empty());
  group.pop_back();
  REQUIRE_OK(committer->Commit(group));
  CHECK(*group[0].revision == *kept[0].revision + 1);
  Reopen();
  CHECK(Load().services.at(0).instances.size() == 1);
}

TEST_CASE_METHOD(Fixture, "a sync that fails acknowledges nothing") {
  std::vector<Batch> kept;
  kept.push_back(BatchOf({Of("web", SampleService("web"))}));
  REQUIRE_OK(committer->Commit(kept));
  vfs.FailSyncsAfter(0, "state.db");
  std::vector<Batch> group;
  group.push_back(BatchOf({Of("web", SampleInstance("web", 1))}));
  CHECK(absl::IsInternal(committer->Commit(group)));
  CHECK(absl::IsInternal(group[0].revision.status()));
  vfs.Heal();
  REQUIRE_OK(committer->Probe());
  REQUIRE_OK(committer->Commit(group));
  Reopen();
  CHECK(Load().services.at(0).instances.size() == 1);
}

TEST_CASE_METHOD(Fixture, "when telemetry.db cannot be written, demand fails and state does not") {
  vfs.FailWritesAfter(0, "telemetry.db");
  std::vector<Batch> group;
  group.push_back(BatchOf({Of("web", SampleService("web")), Of("web", ports::DemandRecorded{At(0), 5})}));
  group.push_back(BatchOf({Of("web", ports::DemandRecorded{At(1), 6})}));
  REQUIRE_OK(committer->Commit(group));
  REQUIRE_OK(group[0].revision);
  CHECK(absl::IsResourceExhausted(group[1].revision.status()));
  CHECK_FALSE(committer->counters().telemetry_error.empty());
  vfs.Heal();
  REQUIRE_OK(committer->Commit(std::span(group).subspan(1)));
  REQUIRE_OK(group[1].revision);
  Snapshot snapshot = Load();
  auto reader = Reader::Open(StatePath(directory.path()), TelemetryPath(directory.path()));
  REQUIRE_OK(reader);
  REQUIRE_OK((*reader)->LoadDemand(At(10), snapshot));
  CHECK(snapshot.services.at(0).demand_rps.size() == 1);
}

TEST_CASE_METHOD(Fixture, "demand that is no number is refused alone") {
  std::vector<Batch> group;
  group.push_back(BatchOf({Of("web", ports::DemandRecorded{At(0), std::nan("")})}));
  group.push_back(BatchOf({Of("web", ports::DemandRecorded{At(1), 6})}));
  REQUIRE_OK(committer->Commit(group));
  CHECK(absl::IsInvalidArgument(group[0].revision.status()));
  REQUIRE_OK(group[1].revision);
}

TEST_CASE_METHOD(Fixture,
                 "no revision is used twice, also when the last batches left no row and the end was sudden") {
  std::vector<Batch> group;
  group.push_back(BatchOf({Of("web", SampleService("web"))}));
  REQUIRE_OK(committer->Commit(group));
  int64_t last = *group[0].revision;
  for (int i = 0; i < 2500; ++i) {
    std::vector<Batch> none;
    none.push_back(BatchOf({}));
    REQUIRE_OK(committer->Commit(none));
    REQUIRE(*none[0].revision == last + 1);
    last = *none[0].revision;
  }
  Reopen();  // without Close
  CHECK(Load().revision >= last);
  REQUIRE_OK(committer->Commit(group));
  CHECK(*group[0].revision > last);
  last = *group[0].revision;
  REQUIRE_OK(committer->Close());
  Reopen();
  REQUIRE_OK(committer->Commit(group));
  CHECK(*group[0].revision == last + 1);
}

TEST_CASE_METHOD(Fixture, "a telemetry.db that turns out damaged is moved aside and demand goes on") {
  std::vector<Batch> group;
  group.push_back(BatchOf({Of("web", SampleService("web")), Of("web", ports::DemandRecorded{At(0), 5})}));
  REQUIRE_OK(committer->Commit(group));
  REQUIRE_OK(committer->ReplaceTelemetry());
  CHECK(committer->counters().telemetry_replacements == 1);
  CHECK(std::filesystem::exists(TelemetryPath(directory.path()) + ".corrupt"));
  group[0] = BatchOf({Of("web", ports::DemandRecorded{At(1), 6})});
  REQUIRE_OK(committer->Commit(group));
  REQUIRE_OK(group[0].revision);
  Reopen();
  Snapshot snapshot = Load();
  auto reader = Reader::Open(StatePath(directory.path()), TelemetryPath(directory.path()));
  REQUIRE_OK(reader);
  REQUIRE_OK((*reader)->LoadDemand(At(10), snapshot));
  CHECK(snapshot.services.at(0).demand_rps.size() == 1);
}

}  // namespace
}  // namespace shadowd::store
