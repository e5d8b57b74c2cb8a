#include "store/sqlite.h"

#include <fstream>

#include "require_ok.h"
#include "unit/store/temp_directory.h"

namespace shadowd::store {
namespace {

Database MustOpen(const std::string& path) {
  StatusOr<Database> opened = Database::Open(path, Access::kReadWrite, Sync::kFull);
  REQUIRE_OK(opened);
  return *std::move(opened);
}

TEST_CASE("a database is WAL with incremental vacuum, and full sync where asked") {
  const TempDirectory directory;
  Database database = MustOpen(directory / "a.db");
  CHECK(*database.QueryInt("PRAGMA auto_vacuum") == 2);
  CHECK(*database.QueryInt("PRAGMA synchronous") == 2);
  StatusOr<Database> normal = Database::Open(directory / "b.db", Access::kReadWrite, Sync::kNormal);
  REQUIRE_OK(normal);
  CHECK(*normal->QueryInt("PRAGMA synchronous") == 1);
}

TEST_CASE("values of every type come back as they were bound") {
  const TempDirectory directory;
  Database database = MustOpen(directory / "a.db");
  REQUIRE_OK(database.Execute("CREATE TABLE t (i INTEGER, r REAL, s TEXT, b BLOB, n INTEGER) STRICT"));
  const std::string bytes("\0\xff\x01", 3);
  REQUIRE_OK(
      database.Run("INSERT INTO t VALUES (?, ?, ?, ?, NULL)", int64_t{1} << 40, 0.25, "", Blob{bytes}));
  int rows = 0;
  REQUIRE_OK(database.Query("SELECT * FROM t", [&](const Statement& row) {
    ++rows;
    CHECK(row.Int(0) == int64_t{1} << 40);
    CHECK(row.Real(1) == 0.25);
    CHECK(row.Text(2).empty());
    CHECK_FALSE(row.IsNull(2));
    CHECK(row.Bytes(3) == bytes);
    CHECK(row.IsNull(4));
    return absl::OkStatus();
  }));
  CHECK(rows == 1);
}

TEST_CASE("errors carry the code that fits the cause") {
  const TempDirectory directory;
  Database database = MustOpen(directory / "a.db");
  REQUIRE_OK(
      database.Execute("CREATE TABLE t (id TEXT PRIMARY KEY, n INTEGER NOT NULL CHECK (n > 0)) STRICT"));
  REQUIRE_OK(database.Run("INSERT INTO t VALUES ('a', 1)"));
  CHECK(absl::IsAlreadyExists(database.Run("INSERT INTO t VALUES ('a', 1)")));
  CHECK(absl::IsFailedPrecondition(database.Run("INSERT INTO t VALUES ('b', 0)")));
  CHECK(absl::IsFailedPrecondition(database.Run("INSERT INTO t VALUES ('b', 'words')")));
  CHECK(absl::IsInternal(database.Run("INSERT INTO nowhere VALUES (1)")));
  CHECK_FALSE(database.Run("SELECT \"misspelt\" FROM t").ok());
}

TEST_CASE("a file that is no database is data loss, and one that cannot be opened says where") {
  const TempDirectory directory;
  std::ofstream(directory / "a.db") << std::string(8192, 'x');
  CHECK(absl::IsDataLoss(Database::Open(directory / "a.db", Access::kReadWrite, Sync::kFull).status()));
  const Status status = Database::Open(directory / "no/such/a.db", Access::kReadWrite, Sync::kFull).status();
  CHECK(absl::IsPermissionDenied(status));
  CHECK(MessageOf(status).find("no/such/a.db") != std::string::npos);
}

TEST_CASE("a transaction that is not committed leaves nothing") {
  const TempDirectory directory;
  Database database = MustOpen(directory / "a.db");
  REQUIRE_OK(database.Execute("CREATE TABLE t (n INTEGER) STRICT"));
  {
    StatusOr<Transaction> transaction = Transaction::Begin(database);
    REQUIRE_OK(transaction);
    REQUIRE_OK(database.Run("INSERT INTO t VALUES (1)"));
  }
  CHECK_FALSE(database.in_transaction());
  CHECK(*database.QueryInt("SELECT count(*) FROM t") == 0);
}

TEST_CASE("a savepoint that fails undoes its own part only") {
  const TempDirectory directory;
  Database database = MustOpen(directory / "a.db");
  REQUIRE_OK(database.Execute("CREATE TABLE t (n INTEGER) STRICT"));
  StatusOr<Transaction> transaction = Transaction::Begin(database);
  REQUIRE_OK(transaction);
  REQUIRE_OK(InSavepoint(database, [&] { return database.Run("INSERT INTO t VALUES (1)"); }));
  const Status failed = InSavepoint(database, [&]() -> Status {
    SHADOWD_RETURN_IF_ERROR(database.Run("INSERT INTO t VALUES (2)"));
    return InvalidArgument("no");
  });
  CHECK(absl::IsInvalidArgument(failed));
  REQUIRE_OK(InSavepoint(database, [&] { return database.Run("INSERT INTO t VALUES (3)"); }));
  REQUIRE_OK(transaction->Commit());
  CHECK(*database.QueryInt("SELECT sum(n) FROM t") == 4);
}

TEST_CASE("a reader cannot write, and sees what was committed") {
  const TempDirectory directory;
  Database writer = MustOpen(directory / "a.db");
  REQUIRE_OK(writer.Execute("CREATE TABLE t (n INTEGER) STRICT; INSERT INTO t VALUES (7)"));
  StatusOr<Database> reader = Database::Open(directory / "a.db", Access::kReadOnly, Sync::kFull);
  REQUIRE_OK(reader);
  CHECK(*reader->QueryInt("SELECT n FROM t") == 7);
  CHECK_FALSE(reader->Run("INSERT INTO t VALUES (8)").ok());
}

TEST_CASE("an error of the row callback ends the query and leaves the statement usable") {
  const TempDirectory directory;
  Database database = MustOpen(directory / "a.db");
  REQUIRE_OK(database.Execute("CREATE TABLE t (n INTEGER) STRICT; INSERT INTO t VALUES (1), (2), (3)"));
  int seen = 0;
  const auto stop_at_two = [&](const Statement& row) {
    ++seen;
    return row.Int(0) == 2 ? Aborted("enough") : absl::OkStatus();
  };
  CHECK(absl::IsAborted(database.Query("SELECT n FROM t ORDER BY n", stop_at_two)));
  CHECK(absl::IsAborted(database.Query("SELECT n FROM t ORDER BY n", stop_at_two)));
  CHECK(seen == 4);
}

}  // namespace
}  // namespace shadowd::store
