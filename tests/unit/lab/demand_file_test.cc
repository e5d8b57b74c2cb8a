// Demand from a database that the store wrote, from a journal that the journal's writer wrote, and from what
// is neither.
#include "lab/demand_file.h"

#include <filesystem>
#include <fstream>
#include <future>

#include "journal/writer.h"
#include "require_ok.h"
#include "store/store.h"
#include "unit/store/temp_directory.h"

namespace shadowd::lab {
namespace {

using Catch::Matchers::Contains;
using std::chrono::minutes;
using std::chrono::seconds;

const WallTime kStart = WallFromMicros(1'700'000'100'000'000);

// Commits the demand of `count` steps of a service, rising by one each, and waits until it is on disk.
void Record(store::Store& store, const std::string& service, int count, Micros step) {
  std::vector<ports::Mutation> batch;
  for (int i = 0; i < count; ++i) {
    batch.push_back({model::ServiceId(service), ports::DemandRecorded{kStart + step * i, 100.0 + i}});
  }
  std::promise<bool> stored;
  REQUIRE_OK(store.Commit(std::move(batch),
                          [&stored](const StatusOr<int64_t>& done) { stored.set_value(done.ok()); }));
  CHECK(stored.get_future().get());
}

std::unique_ptr<store::Store> OpenStore(const TempDirectory& directory) {
  store::Options options;
  options.directory = directory / "data";
  options.clock = [] { return kStart + std::chrono::hours(3); };
  auto store = store::Store::Open(options);
  REQUIRE_OK(store);
  return *std::move(store);
}

std::string Refused(const DemandQuestion& question, absl::StatusCode code) {
  const StatusOr<Demand> demand = ReadDemandFile(question);
  CHECK(demand.status().code() == code);
  return MessageOf(demand.status());
}

ports::Event Window(const std::string& service, Micros at, uint64_t offered, Micros length = seconds(1)) {
  ports::ProductionWindow window;
  window.service.start = kStart + at;
  window.service.length = length;
  window.service.offered = offered;
  return {model::ServiceId(service), window, 0, ""};
}

// The bytes of a journal with these events, one a second.
std::string Journal(const std::vector<ports::Event>& events) {
  std::string bytes = journal::FileHeader() +
                      journal::Encode(journal::Start{"1.2.3", kStart, control::CoreOptions(), false, ""});
  for (size_t i = 0; i < events.size(); ++i) {
    const Micros at = seconds(i);
    bytes += journal::EncodeStep(events[i], Now{MonoTime(at), kStart + at}, ports::Outcome());
  }
  return bytes;
}

std::string Write(const TempDirectory& directory, const std::string& name, const std::string& bytes) {
  std::ofstream(directory / name, std::ios::binary) << bytes;
  return directory / name;
}

}  // namespace

TEST_CASE("a daemon's database gives the demand of its only service, or of the one that is named") {
  const TempDirectory directory;
  auto store = OpenStore(directory);
  Record(*store, "web", 50, seconds(15));
  store->Close();
  const std::string path = directory / "data/telemetry.db";
  const auto only = ReadDemandFile({.path = path});
  REQUIRE_OK(only);
  REQUIRE(only->samples.size() == 50);
  CHECK(only->samples[0].at == kStart);
  CHECK(only->samples[49].at == kStart + seconds(49 * 15));
  CHECK(only->samples[49].rps == 149);
  CHECK(only->name == "web of telemetry.db");

  store.reset();
  store = OpenStore(directory);
  Record(*store, "api", 20, minutes(1));
  store->Close();
  const auto named = ReadDemandFile({.path = path, .service = "api"});
  REQUIRE_OK(named);
  CHECK(named->samples.size() == 20);
  CHECK_THAT(Refused({.path = path}, absl::StatusCode::kInvalidArgument),
             Contains("2 services; choose one with --from-service: api, web"));
  CHECK_THAT(Refused({.path = path, .service = "shop"}, absl::StatusCode::kNotFound),
             Contains("no demand of a service 'shop'; there is that of api, web"));
}

TEST_CASE("a copy of a database that is being written to can be read, and is left as it was") {
  const TempDirectory directory;
  const auto store = OpenStore(directory);
  Record(*store, "web", 50, seconds(15));
  for (const char* name : {"telemetry.db", "telemetry.db-wal"}) {
    std::filesystem::copy_file(directory / ("data/" + std::string(name)), directory / name);
  }
  const auto while_it_runs = ReadDemandFile({.path = directory / "data/telemetry.db"});
  REQUIRE_OK(while_it_runs);
  const auto copied = ReadDemandFile({.path = directory / "telemetry.db"});
  REQUIRE_OK(copied);
  CHECK(copied->samples.size() == 50);
  CHECK(while_it_runs->samples.size() == 50);
  Record(*store, "web", 60, seconds(15));
  store->Close();
  CHECK(ReadDemandFile({.path = directory / "data/telemetry.db"})->samples.size() == 60);
}

TEST_CASE("points that are farther apart than a step stay that far apart") {
  const TempDirectory directory;
  auto store = OpenStore(directory);
  Record(*store, "web", 40, minutes(5));
  store->Close();
  const auto demand = ReadDemandFile({.path = directory / "data/telemetry.db", .step = seconds(15)});
  REQUIRE_OK(demand);
  REQUIRE(demand->samples.size() == 40);
  CHECK(demand->samples[1].at - demand->samples[0].at == minutes(5));
}

TEST_CASE("what is no database of demand, or holds none, is told so") {
  const TempDirectory directory;
  auto store = OpenStore(directory);
  store->Close();
  CHECK_THAT(Refused({.path = directory / "data/telemetry.db"}, absl::StatusCode::kNotFound),
             Contains("holds no demand of any service"));
  CHECK_THAT(Refused({.path = directory / "data/state.db"}, absl::StatusCode::kFailedPrecondition),
             Contains("but its state.db; past demand is in telemetry.db beside it"));
  store.reset();
  store = OpenStore(directory);
  Record(*store, "web", 1, seconds(15));
  store->Close();
  CHECK_THAT(Refused({.path = directory / "data/telemetry.db"}, absl::StatusCode::kInvalidArgument),
             Contains("the demand of 'web' at 1 moment only"));
  CHECK_THAT(Refused({.path = Write(directory, "a.db", "rubbish")}, absl::StatusCode::kInvalidArgument),
             Contains("no database of SQLite"));
  const std::string damaged =
      Write(directory, "b.db", std::string("SQLite format 3\0", 16) + std::string(4080, '\x7f'));
  CHECK_FALSE(ReadDemandFile({.path = damaged}).ok());
  const std::string csv = Write(directory, "t.csv", "time,rps\n1700000000,5\n1700000060,6\n");
  CHECK(ReadDemandFile({.path = csv})->samples.size() == 2);
  CHECK(ReadDemandFile({.path = csv})->name == "t");
  CHECK_THAT(Refused({.path = csv, .service = "web"}, absl::StatusCode::kInvalidArgument),
             Contains("--from-service is for the telemetry.db or the journal"));
  CHECK(absl::IsNotFound(ReadDemandFile({.path = directory / "none.db"}).status()));
}

TEST_CASE("a journal gives the requests offered to production, window by window") {
  const TempDirectory directory;
  const std::string bytes =
      Journal({Window("web", seconds(0), 100),
               Window("api", seconds(0), 7),
               Window("web", seconds(1), 300, seconds(2)),
               {model::ServiceId("web"), ports::DemandSample{kStart, 5}, 0, ""},
               {model::ServiceId("pushed"), ports::DemandSample{kStart, 5}, 0, ""},
               {model::ServiceId("pushed"), ports::DemandSample{kStart + seconds(15), 6}, 0, ""},
               {model::ServiceId(), ports::Freeze{true, "why"}, 2, "me"}});
  const std::string path = Write(directory, "journal", bytes);
  const auto web = ReadDemandFile({.path = path, .service = "web"});
  REQUIRE_OK(web);
  REQUIRE(web->samples.size() == 2);
  CHECK(web->samples[0].rps == 100);
  CHECK(web->samples[1].rps == 150);
  CHECK(web->samples[1].at == kStart + seconds(1));
  const auto pushed = ReadDemandFile({.path = path, .service = "pushed"});
  REQUIRE_OK(pushed);
  CHECK(pushed->samples.size() == 2);
  CHECK_THAT(MessageOf(ReadDemandFile({.path = path}).status()),
             Contains("3 services; choose one with --from-service: api, pushed, web"));
  CHECK_THAT(MessageOf(ReadDemandFile({.path = path, .service = "api"}).status()),
             Contains("at 1 moment only"));
}

TEST_CASE("a journal that was cut off counts up to there, a damaged one does not count") {
  const TempDirectory directory;
  std::string bytes = Journal(
      {Window("web", seconds(0), 100), Window("web", seconds(1), 100), Window("web", seconds(2), 100)});
  const auto cut = ReadDemandFile({.path = Write(directory, "j", bytes.substr(0, bytes.size() - 5))});
  REQUIRE_OK(cut);
  CHECK(cut->samples.size() == 2);
  bytes[bytes.size() - 3] ^= 1;
  CHECK(absl::IsDataLoss(ReadDemandFile({.path = Write(directory, "k", bytes)}).status()));
}

}  // namespace shadowd::lab
