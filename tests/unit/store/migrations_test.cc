#include "store/migrations.h"

#include <filesystem>
#include <fstream>
#include <sstream>

#include "require_ok.h"
#include "unit/store/temp_directory.h"

namespace shadowd::store {
namespace {

constexpr int64_t kId = 77;
constexpr const char* kOne = "CREATE TABLE t (n INTEGER) STRICT;";
constexpr const char* kTwo = "ALTER TABLE t ADD COLUMN m INTEGER; UPDATE t SET m = n * 2;";
constexpr const char* kBroken = "CREATE TABLE u (n INTEGER) STRICT; INSERT INTO nowhere VALUES (1);";
constexpr const char* kV1[] = {kOne};
constexpr const char* kV2[] = {kOne, kTwo};
constexpr const char* kV2Broken[] = {kOne, kBroken};

Database MustOpen(const std::string& path) {
  StatusOr<Database> opened = Database::Open(path, Access::kReadWrite, Sync::kFull);
  REQUIRE_OK(opened);
  return *std::move(opened);
}

std::string SchemaOf(Database& database) {
  std::string schema;
  REQUIRE_OK(database.Query("SELECT type, name, sql FROM sqlite_schema ORDER BY type, name",
                            [&](const Statement& row) {
                              schema += row.Text(0) + " " + row.Text(1) + ": " + row.Text(2) + "\n";
                              return absl::OkStatus();
                            }));
  return schema;
}

std::string ReadFile(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

TEST_CASE("an upgrade keeps the data and leaves a copy of what was before") {
  const TempDirectory directory;
  const std::string path = directory / "a.db";
  Database database = MustOpen(path);
  REQUIRE_OK(Migrate(database, kV1, kId));
  REQUIRE_OK(database.Run("INSERT INTO t VALUES (21)"));
  REQUIRE_OK(Migrate(database, kV2, kId));
  CHECK(*database.QueryInt("SELECT m FROM t") == 42);
  CHECK(*database.QueryInt("PRAGMA user_version") == 2);

  Database backup = MustOpen(path + ".v1.bak");
  CHECK(*backup.QueryInt("PRAGMA user_version") == 1);
  CHECK(*backup.QueryInt("PRAGMA application_id") == kId);
  CHECK(*backup.QueryInt("SELECT n FROM t") == 21);
  CHECK_FALSE(std::filesystem::exists(path + ".v1.bak.tmp"));
}

TEST_CASE("an upgraded file has the schema of a fresh one, and a second run changes nothing") {
  const TempDirectory directory;
  Database upgraded = MustOpen(directory / "a.db");
  REQUIRE_OK(Migrate(upgraded, kV1, kId));
  REQUIRE_OK(Migrate(upgraded, kV2, kId));
  REQUIRE_OK(Migrate(upgraded, kV2, kId));
  Database fresh = MustOpen(directory / "b.db");
  REQUIRE_OK(Migrate(fresh, kV2, kId));
  CHECK(SchemaOf(upgraded) == SchemaOf(fresh));
  CHECK_FALSE(std::filesystem::exists(directory / "b.db.v1.bak"));
}

TEST_CASE("a step that fails leaves the version before it whole") {
  const TempDirectory directory;
  Database database = MustOpen(directory / "a.db");
  REQUIRE_OK(Migrate(database, kV1, kId));
  const std::string before = SchemaOf(database);
  const Status status = Migrate(database, kV2Broken, kId);
  CHECK_FALSE(status.ok());
  CHECK(MessageOf(status).find("schema version 2") != std::string::npos);
  CHECK(SchemaOf(database) == before);
  CHECK(*database.QueryInt("PRAGMA user_version") == 1);
  REQUIRE_OK(Migrate(database, kV2, kId));
}

TEST_CASE("a file of a newer schema is refused and not touched") {
  const TempDirectory directory;
  Database database = MustOpen(directory / "a.db");
  REQUIRE_OK(Migrate(database, kV2, kId));
  const Status status = Migrate(database, kV1, kId);
  CHECK(absl::IsFailedPrecondition(status));
  CHECK(ReasonOf(status) == "STORE_TOO_NEW");
  CHECK(*database.QueryInt("PRAGMA user_version") == 2);
}

TEST_CASE("another program's database is refused") {
  const TempDirectory directory;
  Database database = MustOpen(directory / "a.db");
  SECTION("with another application id") {
    REQUIRE_OK(Migrate(database, kV1, kId + 1));
  }
  SECTION("with tables and no application id") {
    REQUIRE_OK(database.Execute("CREATE TABLE x (n INTEGER)"));
  }
  const Status status = Migrate(database, kV1, kId);
  CHECK(absl::IsFailedPrecondition(status));
  CHECK(ReasonOf(status) == "STORE_FOREIGN_FILE");
}

// Each file under tests/golden/store is the dump of a database as that version wrote it.
TEST_CASE("golden databases of every version reach the schema of a fresh one") {
  struct Golden {
    std::string file;
    int64_t version;
    std::span<const char* const> schema;
    int64_t application_id;
    const char* count;
    int64_t rows;
  };
  const auto golden = GENERATE(
      Golden{"state_v1.sql", 1, StateSchema(), kStateApplicationId, "SELECT count(*) FROM services", 1},
      Golden{"telemetry_v1.sql", 1, TelemetrySchema(), kTelemetryApplicationId, "SELECT count(*) FROM demand",
             3});
  INFO(golden.file);
  const TempDirectory directory;
  Database old = MustOpen(directory / "old.db");
  const std::string dump = ReadFile(std::string(SHADOWD_GOLDEN_DIR) + "/store/" + golden.file);
  REQUIRE_FALSE(dump.empty());
  REQUIRE_OK(old.Execute(dump));
  REQUIRE(*old.QueryInt("PRAGMA user_version") == golden.version);
  REQUIRE_OK(Migrate(old, golden.schema, golden.application_id));
  CHECK(*old.QueryInt("PRAGMA user_version") == static_cast<int64_t>(golden.schema.size()));
  CHECK(*old.QueryInt(golden.count) == golden.rows);

  Database fresh = MustOpen(directory / "fresh.db");
  REQUIRE_OK(Migrate(fresh, golden.schema, golden.application_id));
  CHECK(SchemaOf(old) == SchemaOf(fresh));
}

}  // namespace
}  // namespace shadowd::store
