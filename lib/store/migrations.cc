#include "store/migrations.h"

#include <filesystem>
#include <system_error>

namespace shadowd::store {
namespace {

Status CheckOwner(Database& database, int64_t application_id) {
  SHADOWD_ASSIGN_OR_RETURN(const int64_t found, database.QueryInt("PRAGMA application_id"));
  if (found == application_id) {
    return absl::OkStatus();
  }
  SHADOWD_ASSIGN_OR_RETURN(const int64_t objects, database.QueryInt("SELECT count(*) FROM sqlite_schema"));
  SHADOWD_ASSIGN_OR_RETURN(const int64_t version, database.QueryInt("PRAGMA user_version"));
  if (found != 0 || objects != 0 || version != 0) {
    return WithReason(
        FailedPrecondition("{} is a database of another kind (application id {:#x}, expected {:#x})",
                           database.path(), found, application_id),
        "STORE_FOREIGN_FILE");
  }
  return absl::OkStatus();
}

// Written beside its name first, so that a backup that is there is a whole one.
Status Backup(Database& database, int64_t version) {
  const std::string target = fmt::format("{}.v{}.bak", database.path(), version);
  const std::string partial = target + ".tmp";
  std::error_code error;
  std::filesystem::remove(partial, error);
  SHADOWD_RETURN_IF_ERROR(Annotate(database.Run("VACUUM INTO ?", partial), "backup before the upgrade"));
  std::filesystem::rename(partial, target, error);
  return error ? ErrnoStatus(error.value(), fmt::format("rename {} to {}", partial, target))
               : absl::OkStatus();
}

Status Step(Database& database, const char* script, int64_t version, int64_t application_id) {
  SHADOWD_ASSIGN_OR_RETURN(Transaction transaction, Transaction::Begin(database));
  SHADOWD_RETURN_IF_ERROR(database.Execute(script));
  SHADOWD_RETURN_IF_ERROR(database.Execute(
      fmt::format("PRAGMA user_version={}; PRAGMA application_id={};", version, application_id)));
  return transaction.Commit();
}

}  // namespace

Status Migrate(Database& database, std::span<const char* const> schema, int64_t application_id) {
  SHADOWD_RETURN_IF_ERROR(CheckOwner(database, application_id));
  SHADOWD_ASSIGN_OR_RETURN(const int64_t version, database.QueryInt("PRAGMA user_version"));
  const auto newest = static_cast<int64_t>(schema.size());
  if (version > newest) {
    return WithReason(
        FailedPrecondition("{} has schema version {}, this shadowd knows {}: it was written by a newer "
                           "one; install that again, or restore {}.v{}.bak",
                           database.path(), version, newest, database.path(), newest),
        "STORE_TOO_NEW");
  }
  if (version > 0 && version < newest) {
    SHADOWD_RETURN_IF_ERROR(Backup(database, version));
  }
  for (int64_t next = version + 1; next <= newest; ++next) {
    SHADOWD_RETURN_IF_ERROR(
        Annotate(Step(database, schema[static_cast<size_t>(next - 1)], next, application_id),
                 fmt::format("schema version {}", next)));
  }
  return absl::OkStatus();
}

}  // namespace shadowd::store
