#include "store/store.h"

#include <signal.h>
#include <sys/resource.h>

#include <filesystem>
#include <fstream>
#include <future>

#include "require_ok.h"
#include "store/migrations.h"
#include "store/sqlite.h"
#include "unit/store/samples.h"
#include "unit/store/temp_directory.h"

namespace shadowd::store {
namespace {

using std::chrono::seconds;

struct Fixture {
  TempDirectory directory;
  std::unique_ptr<Store> store;

  StatusOr<std::unique_ptr<Store>> TryOpen() {
    return Store::Open({.directory = directory.path(),
                        .probe_interval = std::chrono::milliseconds(5),
                        .clock = [] { return At(1000); }});
  }
  void Open() {
    store.reset();
    auto opened = TryOpen();
    REQUIRE_OK(opened);
    store = *std::move(opened);
  }
  StatusOr<int64_t> Commit(std::vector<ports::Mutation> mutations) {
    std::promise<StatusOr<int64_t>> promise;
    const Status status = store->Commit(
        std::move(mutations), [&](StatusOr<int64_t> revision) { promise.set_value(std::move(revision)); });
    return status.ok() ? promise.get_future().get() : StatusOr<int64_t>(status);
  }
  Snapshot Load() {
    StatusOr<Snapshot> snapshot = store->Load();
    REQUIRE_OK(snapshot);
    return *std::move(snapshot);
  }
  std::string File(const char* name) { return directory / name; }
  void Damage(const std::string& path) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    const auto size = static_cast<int64_t>(std::filesystem::file_size(path));
    for (int64_t at = 4096; at < size; at += 512) {
      file.seekp(at);
      file << std::string(64, '\x5a');
    }
  }
};

TEST_CASE_METHOD(Fixture, "everything that was committed is there after a restart") {
  Open();
  const auto first =
      Commit({Of("web", SampleService("web")), Of("web", SampleInstance("web", 1)),
              Of("web", SampleShadow("web", 1)), Of("web", SampleTrial("web", 1)),
              Of("web", SampleDecision("web", 1)), Of("web", SampleModel("web", 1)),
              Of("web", SampleModel("web", 2)), Of("web", SampleLedgerEntry("web", 1)),
              Of("web", SampleIntent("web", 1)), Of("web", SampleAudit(3)),
              Of("web", ports::DemandRecorded{At(990), 120}), Of("web", ports::SequenceSet{17}),
              Of("web", model::Forecast()), Of("", ports::FrozenSet{true, "by hand"})});
  REQUIRE_OK(first);
  const auto second = Commit({Of("api", SampleService("api"))});
  REQUIRE_OK(second);
  CHECK(*second == *first + 1);
  Open();
  const Snapshot snapshot = Load();
  CHECK(snapshot.frozen);
  CHECK(snapshot.frozen_reason == "by hand");
  CHECK(snapshot.revision == *second);
  REQUIRE(snapshot.services.size() == 2);
  CHECK(snapshot.services[0].service == SampleService("api"));
  const ports::Restored& web = snapshot.services[1];
  CHECK(web.service == SampleService("web"));
  CHECK(web.instances == std::vector{SampleInstance("web", 1)});
  CHECK(web.shadows == std::vector{SampleShadow("web", 1)});
  CHECK(web.open_trials == std::vector{SampleTrial("web", 1)});
  CHECK(web.open_decisions == std::vector{SampleDecision("web", 1)});
  CHECK(web.models == std::vector{SampleModel("web", 1), SampleModel("web", 2)});
  CHECK(web.pending_intents == std::vector{SampleIntent("web", 1)});
  CHECK(web.next_sequence == 17);
  REQUIRE(web.demand_rps.size() == 1);
  CHECK(web.demand_rps[0].second == 120.0);
  CHECK(snapshot.resources.size() == 9);
  const auto audit = store->ListAudit(kNewest, 10);
  REQUIRE_OK(audit);
  CHECK(Entries(*audit) == std::vector{SampleAudit(3)});
}

TEST_CASE_METHOD(Fixture, "a removed service leaves nothing but the audit") {
  Open();
  REQUIRE_OK(Commit({Of("web", SampleService("web")), Of("web", SampleInstance("web", 1)),
                     Of("web", ports::DemandRecorded{At(990), 120}), Of("web", ports::SequenceSet{5})}));
  REQUIRE_OK(Commit({Of("web", ports::ServiceRemoved{model::ServiceId("web")}), Of("web", SampleAudit(1))}));
  Open();
  CHECK(Load().services.empty());
  CHECK(Load().resources.empty());
  const auto history = store->DemandHistory(model::ServiceId("web"), At(0), seconds(1));
  REQUIRE_OK(history);
  CHECK(history->empty());
  CHECK(store->ListAudit(kNewest, 10)->size() == 1);
}

TEST_CASE_METHOD(Fixture, "reads see what was acknowledged, while the store runs") {
  Open();
  REQUIRE_OK(
      Commit({Of("web", ports::DemandRecorded{At(0), 10}), Of("web", ports::DemandRecorded{At(1), 20})}));
  const auto history = store->DemandHistory(model::ServiceId("web"), At(0), seconds(1));
  REQUIRE_OK(history);
  CHECK(history->size() == 2);
  CHECK(FieldOf(store->DemandHistory(model::ServiceId("web"), At(0), Micros(0)).status()) == "step");
}

TEST_CASE_METHOD(Fixture, "a second store on the directory is refused while the first runs") {
  Open();
  CHECK(ReasonOf(TryOpen().status()) == "STORE_IN_USE");
  REQUIRE_OK(Commit({}));
}

TEST_CASE_METHOD(Fixture, "a damaged state.db stops the start and is left as it is") {
  Open();
  std::vector<ports::Mutation> mutations;
  for (int i = 0; i < 50; ++i) {
    mutations.push_back(Of("web", SampleTrial("web", i)));
  }
  REQUIRE_OK(Commit(std::move(mutations)));
  store.reset();
  SECTION("in its pages") {
    Damage(File("state.db"));
  }
  SECTION("in its header") {
    std::ofstream(File("state.db")) << std::string(9000, 'z');
  }
  const auto size = std::filesystem::file_size(File("state.db"));
  const Status status = TryOpen().status();
  CHECK(absl::IsDataLoss(status));
  CHECK(ReasonOf(status) == "STORE_DAMAGED");
  CHECK(MessageOf(status).find("state.db") != std::string::npos);
  CHECK(std::filesystem::file_size(File("state.db")) == size);
}

TEST_CASE_METHOD(Fixture, "a damaged telemetry.db is moved aside and the rest is there") {
  Open();
  std::vector<ports::Mutation> mutations = {Of("web", SampleService("web"))};
  for (int i = 0; i < 2000; ++i) {
    mutations.push_back(Of("web", ports::DemandRecorded{At(i), 1.0}));
  }
  REQUIRE_OK(Commit(std::move(mutations)));
  store.reset();
  SECTION("in its pages") {
    Damage(File("telemetry.db"));
  }
  SECTION("in its header") {
    std::ofstream(File("telemetry.db")) << std::string(9000, 'z');
  }
  SECTION("cut short") {
    std::filesystem::resize_file(File("telemetry.db"), 4096 * 3 + 17);
  }
  Open();
  CHECK(store->stats().telemetry_moved_aside);
  CHECK(std::filesystem::exists(File("telemetry.db.corrupt")));
  const Snapshot snapshot = Load();
  REQUIRE(snapshot.services.size() == 1);
  CHECK(snapshot.services[0].demand_rps.empty());
  REQUIRE_OK(Commit({Of("web", ports::DemandRecorded{At(990), 3.0})}));
  CHECK(store->DemandHistory(model::ServiceId("web"), At(0), seconds(1))->size() == 1);
}

TEST_CASE_METHOD(Fixture, "a database of a newer schema is refused, whichever it is") {
  Open();
  store.reset();
  const std::string path = File(GENERATE("state.db", "telemetry.db"));
  {
    auto database = Database::Open(path, Access::kReadWrite, Sync::kFull);
    REQUIRE_OK(database);
    REQUIRE_OK(database->Execute("PRAGMA user_version=99"));
  }
  const Status status = TryOpen().status();
  CHECK(absl::IsFailedPrecondition(status));
  CHECK(ReasonOf(status) == "STORE_TOO_NEW");
  CHECK(MessageOf(status).find(path) != std::string::npos);
}

TEST_CASE_METHOD(Fixture, "a database that an earlier version wrote is read") {
  std::ifstream dump(std::string(SHADOWD_GOLDEN_DIR) + "/store/state_v1.sql");
  const std::string script((std::istreambuf_iterator<char>(dump)), std::istreambuf_iterator<char>());
  REQUIRE_FALSE(script.empty());
  {
    auto database = Database::Open(File("state.db"), Access::kReadWrite, Sync::kFull);
    REQUIRE_OK(database);
    REQUIRE_OK(database->Execute(script));
  }
  Open();
  const Snapshot snapshot = Load();
  REQUIRE(snapshot.services.size() == 1);
  CHECK(snapshot.services[0].service == SampleService("web"));
  CHECK(snapshot.services[0].open_trials == std::vector{SampleTrial("web", 1)});
  CHECK(snapshot.services[0].open_decisions == std::vector{SampleDecision("web", 1)});
  model::ModelVersion version = SampleModel("web", 1);
  version.learnt.trackers.clear();  // what it kept of errors meant something else
  CHECK(snapshot.services[0].models == std::vector{version});
  CHECK(snapshot.services[0].pending_intents == std::vector{SampleIntent("web", 1)});
}

// A real limit of the system: the kernel refuses to let a file of this process grow.
TEST_CASE_METHOD(Fixture, "a file that may not grow refuses commits until it may") {
  Open();
  REQUIRE_OK(Commit({Of("web", SampleService("web"))}));
  rlimit before{};
  REQUIRE(getrlimit(RLIMIT_FSIZE, &before) == 0);
  const auto handler = signal(SIGXFSZ, SIG_IGN);
  rlimit small = before;
  small.rlim_cur = 256 << 10;
  REQUIRE(setrlimit(RLIMIT_FSIZE, &small) == 0);
  int kept = 0;
  Status failure;
  for (int i = 0; i < 100 && failure.ok(); ++i) {
    model::Instance instance = SampleInstance("web", i);
    instance.error = std::string(16'000, 'e');
    failure = Commit({Of("web", instance)}).status();
    kept += failure.ok();
  }
  const Status refused = store->Commit({}, {});
  REQUIRE(setrlimit(RLIMIT_FSIZE, &before) == 0);
  signal(SIGXFSZ, handler);
  CHECK((absl::IsInternal(failure) || absl::IsResourceExhausted(failure)));
  CHECK(kept > 0);
  CHECK(ReasonOf(refused) == "STORE_NOT_WRITABLE");
  while (!store->stats().writable) {
    std::this_thread::yield();
  }
  REQUIRE_OK(Commit({Of("web", SampleDecision("web", 1))}));
  Open();
  CHECK(Load().services.at(0).instances.size() == static_cast<size_t>(kept));
  CHECK(Load().services.at(0).open_decisions.size() == 1);
}

TEST_CASE_METHOD(Fixture, "what has ended stays bounded while the store runs and over restarts") {
  Open();
  REQUIRE_OK(Commit({Of("web", SampleService("web"))}));
  for (int from = 0; from < 1600; from += 100) {
    std::vector<ports::Mutation> mutations;
    for (int i = from; i < from + 100; ++i) {
      model::Decision decision = SampleDecision("web", i);
      decision.state = model::DecisionState::kApplied;
      mutations.push_back(Of("web", decision));
    }
    REQUIRE_OK(Commit(std::move(mutations)));
  }
  CHECK(store->stats().expired_rows >= 300);
  Open();
  size_t decisions = 0;
  for (const ports::Mutation& mutation : Load().resources) {
    decisions += std::holds_alternative<model::Decision>(mutation.change);
  }
  CHECK(decisions == 1000);
}

TEST_CASE_METHOD(Fixture, "bad options are refused by name") {
  CHECK(FieldOf(Store::Open({}).status()) == "directory");
  CHECK(FieldOf(Store::Open({.directory = directory.path(), .queue_max = 0}).status()) == "queue_max");
}

}  // namespace
}  // namespace shadowd::store
