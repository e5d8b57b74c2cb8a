#include "store/retention.h"

#include <utility>

namespace shadowd::store {
namespace {

struct Rule {
  const char* sql;  // parameters: service, how many to skip, how many to delete at most
  int keep;
};

constexpr Rule kRules[] = {
    {"DELETE FROM instances WHERE rowid IN (SELECT rowid FROM instances WHERE service = ? AND ended = 1 "
     "ORDER BY create_time_us DESC, rowid DESC LIMIT ?3 OFFSET ?2)",
     kEndedInstancesMax},
    {"DELETE FROM shadows WHERE rowid IN (SELECT rowid FROM shadows WHERE service = ? AND ended = 1 "
     "ORDER BY create_time_us DESC, rowid DESC LIMIT ?3 OFFSET ?2)",
     kEndedMax},
    {"DELETE FROM trials WHERE rowid IN (SELECT rowid FROM trials WHERE service = ? AND ended = 1 "
     "ORDER BY create_time_us DESC, rowid DESC LIMIT ?3 OFFSET ?2)",
     kEndedMax},
    {"DELETE FROM decisions WHERE rowid IN (SELECT rowid FROM decisions WHERE service = ? AND ended = 1 "
     "ORDER BY create_time_us DESC, rowid DESC LIMIT ?3 OFFSET ?2)",
     kEndedMax},
    {"DELETE FROM intents WHERE rowid IN (SELECT rowid FROM intents WHERE service = ? AND ended = 1 "
     "ORDER BY create_time_us DESC, rowid DESC LIMIT ?3 OFFSET ?2)",
     kEndedMax},
    {"DELETE FROM models WHERE rowid IN (SELECT rowid FROM models WHERE service = ? "
     "ORDER BY number DESC LIMIT ?3 OFFSET ?2)",
     kEndedMax},
    {"DELETE FROM ledger WHERE rowid IN (SELECT rowid FROM ledger WHERE service = ? "
     "ORDER BY create_time_us DESC, rowid DESC LIMIT ?3 OFFSET ?2)",
     kEndedMax},
};

}  // namespace

Status Retention::TouchAll(Database& state) {
  touched_rows_ = kPassEvery;
  return state.Query("SELECT id FROM services", [&](const Statement& row) {
    touched_.insert(model::ServiceId(row.Text(0)));
    return absl::OkStatus();
  });
}

void Retention::Touch(const ports::Mutation& mutation) {
  ++touched_rows_;
  if (!mutation.service.empty()) {
    touched_.insert(mutation.service);
  }
}

StatusOr<int64_t> Retention::Pass(Database& state) {
  int64_t deleted = 0;
  std::set<model::ServiceId> unfinished;
  for (const model::ServiceId& service : touched_) {
    for (const Rule& rule : kRules) {
      SHADOWD_RETURN_IF_ERROR(state.Run(rule.sql, service.str(), rule.keep, kDeletesMax));
      deleted += state.changes();
      if (state.changes() == kDeletesMax) {
        unfinished.insert(service);
      }
    }
  }
  SHADOWD_RETURN_IF_ERROR(
      state.Run("DELETE FROM audit WHERE sequence IN (SELECT sequence FROM audit WHERE sequence <= "
                "(SELECT max(sequence) FROM audit) - ? ORDER BY sequence LIMIT ?)",
                kAuditMax, kDeletesMax));
  deleted += state.changes();
  touched_ = std::move(unfinished);
  touched_rows_ = 0;
  return deleted;
}

}  // namespace shadowd::store
