// A thin wrapper over SQLite: a connection, a prepared statement and a scoped transaction, all returning
// Status. Each object belongs to one thread at a time (the connections are opened without SQLite's own
// mutexes). Result codes become canonical codes once, here: constraint -> FAILED_PRECONDITION (primary key
// and unique: ALREADY_EXISTS), busy -> UNAVAILABLE, corrupt or not a database -> DATA_LOSS, disk full ->
// RESOURCE_EXHAUSTED, the rest of what the disk does -> INTERNAL.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status.h"

struct sqlite3;
struct sqlite3_stmt;

namespace shadowd::store {

// A BLOB parameter; plain strings are bound as TEXT.
struct Blob {
  std::string_view bytes;
};

// Borrowed from the Database that prepared it.
class Statement {
 public:
  Statement() = default;
  ~Statement();
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&& other) noexcept;

  // Values are copied only when the statement outlives them; text must live until the next Reset.
  template <typename... Args>
  Status Bind(const Args&... args) {
    int index = 0;
    Status status;
    (void)(... && (status = BindAt(++index, args)).ok());
    return status;
  }
  StatusOr<bool> Step();  // true: a row is there
  void Reset();           // and clears the parameters

  int64_t Int(int column) const;
  double Real(int column) const;
  bool IsNull(int column) const;
  std::string Text(int column) const;
  std::string_view Bytes(int column) const;  // valid until the next Step or Reset

 private:
  friend class Database;
  explicit Statement(sqlite3_stmt* handle) : handle_(handle) {}

  Status BindAt(int index, int64_t value);
  Status BindAt(int index, int value) { return BindAt(index, static_cast<int64_t>(value)); }
  Status BindAt(int index, bool value) { return BindAt(index, static_cast<int64_t>(value)); }
  Status BindAt(int index, double value);
  Status BindAt(int index, std::string_view value);
  Status BindAt(int index, const char* value) { return BindAt(index, std::string_view(value)); }
  Status BindAt(int index, const std::string& value) { return BindAt(index, std::string_view(value)); }
  Status BindAt(int index, Blob value);
  Status Check(int code) const;

  sqlite3_stmt* handle_ = nullptr;
};

enum class Access { kReadOnly, kReadWrite };
enum class Sync { kNormal, kFull };

class Database {
 public:
  // kReadWrite creates the file, and makes it WAL with incremental vacuum. A writer never leaves checkpoints
  // to others; a reader never makes one.
  static StatusOr<Database> Open(const std::string& path, Access access, Sync sync);
  Database() = default;
  ~Database();
  Database(Database&& other) noexcept;
  Database& operator=(Database&& other) noexcept;

  // Runs a script, which gives no rows.
  Status Execute(const std::string& script);
  // Runs one statement that gives no rows. It is prepared once and kept.
  template <typename... Args>
  Status Run(std::string_view sql, const Args&... args) {
    return Query(sql, nullptr, args...);
  }
  // Hands each row of one statement to `row`, which may stop the query with an error.
  using Row = std::function<Status(const Statement&)>;
  template <typename... Args>
  Status Query(std::string_view sql, const Row& row, const Args&... args) {
    SHADOWD_ASSIGN_OR_RETURN(Statement * statement, Kept(sql));
    const Status bound = statement->Bind(args...);
    const Status done = bound.ok() ? StepAll(*statement, row) : bound;
    statement->Reset();
    return done;
  }
  // The first column of the only row.
  StatusOr<int64_t> QueryInt(std::string_view sql);

  // DATA_LOSS naming the first damage found; reads the whole file.
  Status QuickCheck();
  int64_t changes() const;      // rows changed by the last statement
  bool in_transaction() const;  // SQLite itself rolls back after some errors
  Status Checkpoint();          // into the main file, and empties the WAL
  const std::string& path() const { return path_; }

 private:
  StatusOr<Statement*> Kept(std::string_view sql);
  static Status StepAll(Statement& statement, const Row& row);
  Status Configure(Access access, Sync sync);
  void Close();

  std::string path_;
  sqlite3* handle_ = nullptr;
  std::map<std::string, Statement, std::less<>> kept_;  // bounded by the number of SQL texts in this folder
};

// BEGIN IMMEDIATE ... COMMIT, or ROLLBACK when it goes out of scope without Commit.
class Transaction {
 public:
  static StatusOr<Transaction> Begin(Database& database);
  ~Transaction();
  Transaction(Transaction&& other) noexcept : database_(std::exchange(other.database_, nullptr)) {}
  Transaction& operator=(Transaction&&) = delete;

  Status Commit();

 private:
  explicit Transaction(Database& database) : database_(&database) {}

  Database* database_;
};

// Runs `body` in a savepoint of the open transaction, and undoes it when it fails.
Status InSavepoint(Database& database, const std::function<Status()>& body);

}  // namespace shadowd::store
