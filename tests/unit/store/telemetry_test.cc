#include "store/telemetry.h"

#include <cmath>
#include <limits>

#include "require_ok.h"
#include "unit/store/temp_directory.h"

namespace shadowd::store {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

const model::ServiceId kWeb("web");
const WallTime kStart = WallFromMicros(1'700'000'100'000'000);  // a whole number of five minutes

struct Fixture {
  TempDirectory directory;
  StatusOr<TelemetryWriter> writer = TelemetryWriter::Open(directory / "telemetry.db");

  Fixture() { REQUIRE_OK(writer); }
  void Record(WallTime at, double rps) { REQUIRE_OK(writer->Record(kWeb, {at, rps})); }
  void ExpireAll(WallTime now) {
    for (int pass = 0; pass < 1000; ++pass) {
      const StatusOr<bool> more = writer->Expire(now);
      REQUIRE_OK(more);
      if (!*more) {
        return;
      }
    }
    FAIL("Expire never ends");
  }
  std::vector<std::pair<WallTime, double>> History(WallTime since, Micros step, size_t max = 1'000'000) {
    auto history = ReadDemand(writer->database(), kWeb, since, step, max);
    REQUIRE_OK(history);
    return *std::move(history);
  }
  int64_t Count(const char* table) {
    return *writer->database().QueryInt(fmt::format("SELECT count(*) FROM {}", table));
  }
};

TEST_CASE_METHOD(Fixture, "history is the mean per step, ascending, with gaps left out") {
  Record(kStart + seconds(1), 10);
  Record(kStart + seconds(9), 20);
  Record(kStart + seconds(30), 7);
  const auto history = History(kStart, seconds(10));
  REQUIRE(history.size() == 2);
  CHECK(history[0] == std::pair(kStart, 15.0));
  CHECK(history[1] == std::pair(kStart + seconds(30), 7.0));
}

TEST_CASE_METHOD(Fixture, "another connection lists those that have demand, reads it and cannot write") {
  Record(kStart, 10);
  REQUIRE_OK(writer->Record(model::ServiceId("api"), {kStart, 5}));
  REQUIRE_OK(writer->Record(model::ServiceId("gone"), {kStart, 5}));
  REQUIRE_OK(writer->Remove(model::ServiceId("gone")));
  auto reader = OpenTelemetry(directory / "telemetry.db");
  REQUIRE_OK(reader);
  const auto services = ListDemand(*reader);
  REQUIRE_OK(services);
  CHECK(*services == std::vector{model::ServiceId("api"), kWeb});
  CHECK(ReadDemand(*reader, kWeb, kStart, seconds(1), 10)->at(0).second == 10);
  CHECK_FALSE(reader->Execute("DELETE FROM demand").ok());

  auto other = Database::Open(directory / "other.db", Access::kReadWrite, Sync::kNormal);
  REQUIRE_OK(other);
  REQUIRE_OK(other->Execute("CREATE TABLE x (y)"));
  const auto refused = OpenTelemetry(directory / "other.db");
  CHECK(absl::IsFailedPrecondition(refused.status()));
  CHECK(MessageOf(refused.status()).find("needs its -wal beside it") != std::string::npos);
  REQUIRE_OK(other->Execute("PRAGMA application_id=1936221300; PRAGMA user_version=99;"));
  CHECK(MessageOf(OpenTelemetry(directory / "other.db").status()).find("schema version 99") !=
        std::string::npos);
}

TEST_CASE_METHOD(Fixture, "a step recorded twice counts once, the later value") {
  Record(kStart, 10);
  Record(kStart, 30);
  CHECK(History(kStart, seconds(1)).at(0).second == 30.0);
}

TEST_CASE_METHOD(Fixture, "the newest points are kept when there are more than asked for") {
  for (int i = 0; i < 10; ++i) {
    Record(kStart + seconds(i), i);
  }
  const auto history = History(kStart, seconds(1), 3);
  REQUIRE(history.size() == 3);
  CHECK(history[0].second == 7.0);
  CHECK(history[2].second == 9.0);
}

TEST_CASE_METHOD(Fixture, "raw steps older than three days become five-minute means and maxima") {
  for (int i = 0; i < 600; ++i) {
    Record(kStart + seconds(i), i < 300 ? i % 2 : 50);
  }
  Record(kStart + hours(73), 9);
  ExpireAll(kStart + hours(73));
  CHECK(Count("demand") == 1);
  CHECK(Count("demand_rollup") == 2);
  CHECK(*writer->database().QueryInt("SELECT max_rps FROM demand_rollup ORDER BY at_us LIMIT 1") == 1);
  const auto coarse = History(kStart, minutes(5));
  REQUIRE(coarse.size() == 3);
  CHECK(coarse[0] == std::pair(kStart, 0.5));
  CHECK(coarse[1] == std::pair(kStart + minutes(5), 50.0));
}

TEST_CASE_METHOD(Fixture,
                 "a roll-up stands for each finer step that it covers, and folds into coarser ones") {
  Record(kStart, 10);
  Record(kStart + minutes(5), 30);
  ExpireAll(kStart + hours(73));
  REQUIRE(Count("demand") == 0);
  const auto fine = History(kStart, minutes(1));
  REQUIRE(fine.size() == 10);
  CHECK(fine[4] == std::pair(kStart + minutes(4), 10.0));
  CHECK(fine[5] == std::pair(kStart + minutes(5), 30.0));
  const auto coarse = History(kStart, minutes(10));
  REQUIRE(!coarse.empty());
  double sum = 0;
  for (const auto& [at, rps] : coarse) {
    sum += rps;
  }
  CHECK(sum / static_cast<double>(coarse.size()) == Approx(20.0));
}

TEST_CASE_METHOD(Fixture, "a late sample is merged into its roll-up by weight") {
  Record(kStart, 10);
  Record(kStart + seconds(1), 10);
  Record(kStart + seconds(2), 10);
  ExpireAll(kStart + hours(73));
  Record(kStart + seconds(3), 50);
  ExpireAll(kStart + hours(73));
  CHECK(Count("demand_rollup") == 1);
  CHECK(History(kStart, minutes(5)).at(0).second == Approx(20.0));
}

TEST_CASE_METHOD(Fixture, "expiry of many rows goes in bounded pieces and ends") {
  REQUIRE_OK(writer->database().Run("BEGIN IMMEDIATE"));
  for (int i = 0; i < 12'000; ++i) {
    Record(kStart + seconds(i), 1);
  }
  REQUIRE_OK(writer->database().Run("COMMIT"));
  const StatusOr<bool> first = writer->Expire(kStart + hours(100));
  REQUIRE_OK(first);
  CHECK(*first);
  CHECK(Count("demand") > 0);
  ExpireAll(kStart + hours(100));
  CHECK(Count("demand") == 0);
  CHECK(Count("demand_rollup") == 40);
  ExpireAll(kStart + hours(16 * 24));
  CHECK(Count("demand_rollup") == 0);
}

TEST_CASE_METHOD(Fixture, "a removed service has no history, and its rows go") {
  Record(kStart, 10);
  REQUIRE_OK(writer->Remove(kWeb));
  CHECK(History(kStart, seconds(1)).empty());
  Record(kStart + seconds(1), 11);  // a new service of the same name
  ExpireAll(kStart + seconds(2));
  CHECK(Count("demand") == 1);
  CHECK(Count("series") == 1);
  CHECK(History(kStart, seconds(1)).at(0).second == 11.0);
}

TEST_CASE_METHOD(Fixture, "what is no rate is refused by name") {
  const double bad = GENERATE(-1.0, std::numeric_limits<double>::infinity(), std::nan(""));
  const Status status = writer->Record(kWeb, {kStart, bad});
  CHECK(absl::IsInvalidArgument(status));
  CHECK(FieldOf(status) == "demand.rps");
  CHECK(absl::IsInvalidArgument(writer->Record(model::ServiceId(), {kStart, 1})));
  CHECK(FieldOf(ReadDemand(writer->database(), kWeb, kStart, Micros(0), 10).status()) == "step");
}

}  // namespace
}  // namespace shadowd::store
