#include "store/sqlite.h"

#include <sqlite3.h>

namespace shadowd::store {
namespace {

absl::StatusCode CodeOf(int code) {
  if (code == SQLITE_CONSTRAINT_PRIMARYKEY || code == SQLITE_CONSTRAINT_UNIQUE) {
    return absl::StatusCode::kAlreadyExists;
  }
  switch (code & 0xff) {
    case SQLITE_CONSTRAINT:
      return absl::StatusCode::kFailedPrecondition;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return absl::StatusCode::kUnavailable;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return absl::StatusCode::kDataLoss;
    case SQLITE_FULL:
    case SQLITE_NOMEM:
    case SQLITE_TOOBIG:
      return absl::StatusCode::kResourceExhausted;
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_READONLY:
      return absl::StatusCode::kPermissionDenied;
    default:
      return absl::StatusCode::kInternal;
  }
}

// The connection's message says most, but only while its last error is this one.
Status Error(sqlite3* handle, int code) {
  const bool mine = handle != nullptr && sqlite3_extended_errcode(handle) == code;
  const char* words = mine ? sqlite3_errmsg(handle) : sqlite3_errstr(code);
  const char* path = handle != nullptr ? sqlite3_db_filename(handle, "main") : nullptr;
  const bool named = path != nullptr && *path != '\0';
  return MakeStatus(CodeOf(code),
                    fmt::format("{}{}{} (sqlite {})", named ? path : "", named ? ": " : "", words, code));
}

}  // namespace

Statement::~Statement() {
  sqlite3_finalize(handle_);
}
Statement::Statement(Statement&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
Statement& Statement::operator=(Statement&& other) noexcept {
  std::swap(handle_, other.handle_);
  return *this;
}

Status Statement::Check(int code) const {
  if (code == SQLITE_OK) {
    return absl::OkStatus();
  }
  return Error(sqlite3_db_handle(handle_), code);
}

Status Statement::BindAt(int index, int64_t value) {
  return Check(sqlite3_bind_int64(handle_, index, value));
}
Status Statement::BindAt(int index, double value) {
  return Check(sqlite3_bind_double(handle_, index, value));
}
Status Statement::BindAt(int index, std::string_view value) {
  // An empty view may point nowhere, which SQLite would take for NULL.
  const char* data = value.empty() ? "" : value.data();
  return Check(sqlite3_bind_text64(handle_, index, data, value.size(), SQLITE_STATIC, SQLITE_UTF8));
}
Status Statement::BindAt(int index, Blob value) {
  const char* data = value.bytes.empty() ? "" : value.bytes.data();
  return Check(sqlite3_bind_blob64(handle_, index, data, value.bytes.size(), SQLITE_STATIC));
}

StatusOr<bool> Statement::Step() {
  const int code = sqlite3_step(handle_);
  if (code == SQLITE_ROW) {
    return true;
  }
  if (code == SQLITE_DONE) {
    return false;
  }
  return Error(sqlite3_db_handle(handle_), code);
}

void Statement::Reset() {
  sqlite3_reset(handle_);
  sqlite3_clear_bindings(handle_);
}

int64_t Statement::Int(int column) const {
  return sqlite3_column_int64(handle_, column);
}
double Statement::Real(int column) const {
  return sqlite3_column_double(handle_, column);
}
bool Statement::IsNull(int column) const {
  return sqlite3_column_type(handle_, column) == SQLITE_NULL;
}
std::string Statement::Text(int column) const {
  return std::string(Bytes(column));
}
std::string_view Statement::Bytes(int column) const {
  const auto* data = static_cast<const char*>(sqlite3_column_blob(handle_, column));
  const auto size = static_cast<size_t>(sqlite3_column_bytes(handle_, column));
  return data == nullptr ? std::string_view() : std::string_view(data, size);
}

StatusOr<Database> Database::Open(const std::string& path, Access access, Sync sync) {
  Database database;
  database.path_ = path;
  const int mode =
      access == Access::kReadOnly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
  const int code = sqlite3_open_v2(path.c_str(), &database.handle_,
                                   mode | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nullptr);
  if (code != SQLITE_OK) {
    return Annotate(Error(database.handle_, code), path);
  }
  SHADOWD_RETURN_IF_ERROR(database.Configure(access, sync));
  return database;
}

Status Database::Configure(Access access, Sync sync) {
  // Double quotes mean identifiers only, so that a misspelt column is an error and not a string.
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_DQS_DML, 0, nullptr);
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_DQS_DDL, 0, nullptr);
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  SHADOWD_RETURN_IF_ERROR(
      Execute("PRAGMA busy_timeout=5000; PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON;"
              "PRAGMA temp_store=MEMORY; PRAGMA foreign_keys=ON;"));
  if (access == Access::kReadOnly) {
    sqlite3_db_config(handle_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
    return Execute("PRAGMA query_only=ON;");
  }
  // Incremental vacuum can be chosen only while the file is empty, and WAL writes its first page.
  SHADOWD_RETURN_IF_ERROR(Execute("PRAGMA auto_vacuum=INCREMENTAL;"));
  std::string mode;
  SHADOWD_RETURN_IF_ERROR(Query("PRAGMA journal_mode=WAL", [&](const Statement& row) {
    mode = row.Text(0);
    return absl::OkStatus();
  }));
  if (mode != "wal") {
    return FailedPrecondition("{}: the file system does not support a write-ahead log (journal mode is '{}')",
                              path_, mode);
  }
  SHADOWD_RETURN_IF_ERROR(Execute("PRAGMA journal_size_limit=67108864;"));
  return Execute(sync == Sync::kFull ? "PRAGMA synchronous=FULL;"
                                     : "PRAGMA synchronous=NORMAL;PRAGMA secure_delete=OFF;");
}

void Database::Close() {
  kept_.clear();
  sqlite3_close(handle_);
  handle_ = nullptr;
}

Database::~Database() {
  Close();
}
Database::Database(Database&& other) noexcept {
  *this = std::move(other);
}
Database& Database::operator=(Database&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(handle_, other.handle_);
  std::swap(kept_, other.kept_);
  return *this;
}

Status Database::Execute(const std::string& script) {
  const int code = sqlite3_exec(handle_, script.c_str(), nullptr, nullptr, nullptr);
  return code == SQLITE_OK ? absl::OkStatus() : Error(handle_, code);
}

StatusOr<Statement*> Database::Kept(std::string_view sql) {
  if (const auto found = kept_.find(sql); found != kept_.end()) {
    return &found->second;
  }
  sqlite3_stmt* handle = nullptr;
  const int code = sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &handle, nullptr);
  if (code != SQLITE_OK) {
    return Error(handle_, code);
  }
  return &kept_.emplace(sql, Statement(handle)).first->second;
}

Status Database::StepAll(Statement& statement, const Row& row) {
  while (true) {
    SHADOWD_ASSIGN_OR_RETURN(const bool there, statement.Step());
    if (!there) {
      return absl::OkStatus();
    }
    if (row) {
      SHADOWD_RETURN_IF_ERROR(row(statement));
    }
  }
}

StatusOr<int64_t> Database::QueryInt(std::string_view sql) {
  int64_t value = 0;
  SHADOWD_RETURN_IF_ERROR(Query(sql, [&](const Statement& row) {
    value = row.Int(0);
    return absl::OkStatus();
  }));
  return value;
}

Status Database::QuickCheck() {
  return Query("PRAGMA quick_check(1)", [&](const Statement& row) {
    const std::string words = row.Text(0);
    return words == "ok" ? absl::OkStatus() : DataLoss("{}: {}", path_, words);
  });
}

int64_t Database::changes() const {
  return sqlite3_changes64(handle_);
}
bool Database::in_transaction() const {
  return sqlite3_get_autocommit(handle_) == 0;
}

Status Database::Checkpoint() {
  const int code = sqlite3_wal_checkpoint_v2(handle_, nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
  return code == SQLITE_OK ? absl::OkStatus() : Error(handle_, code);
}

StatusOr<Transaction> Transaction::Begin(Database& database) {
  SHADOWD_RETURN_IF_ERROR(database.Run("BEGIN IMMEDIATE"));
  return Transaction(database);
}

Transaction::~Transaction() {
  if (database_ != nullptr && database_->in_transaction()) {
    // A rollback that fails has nothing left to undo: SQLite has then rolled back by itself.
    (void)database_->Run("ROLLBACK");
  }
}

Status Transaction::Commit() {
  SHADOWD_RETURN_IF_ERROR(database_->Run("COMMIT"));
  database_ = nullptr;
  return absl::OkStatus();
}

Status InSavepoint(Database& database, const std::function<Status()>& body) {
  SHADOWD_RETURN_IF_ERROR(database.Run("SAVEPOINT batch"));
  Status status = body();
  if (!status.ok() && database.in_transaction()) {
    SHADOWD_RETURN_IF_ERROR(database.Run("ROLLBACK TO batch"));
  }
  if (database.in_transaction()) {
    SHADOWD_RETURN_IF_ERROR(database.Run("RELEASE batch"));
  }
  return status;
}

}  // namespace shadowd::store
