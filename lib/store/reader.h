// The read side of the store: read-only connections of both files behind one mutex, for any thread.
// Transactions are short, since a long one keeps the writer from emptying the WAL. Nothing here writes or
// checkpoints.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "base/time.h"
#include "model/ids.h"
#include "model/intent.h"
#include "store/snapshot.h"
#include "store/sqlite.h"

namespace shadowd::store {

class Reader {
 public:
  // After a writer has made and migrated both files.
  static StatusOr<std::unique_ptr<Reader>> Open(const std::string& state_path,
                                                const std::string& telemetry_path);
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  // All but the demand.
  StatusOr<Snapshot> Load();
  // The services' past demand up to `now`; DATA_LOSS when telemetry.db is damaged.
  Status LoadDemand(WallTime now, Snapshot& snapshot);
  StatusOr<std::vector<model::AuditRow>> ListAudit(int64_t before_sequence, int limit);
  StatusOr<std::vector<std::pair<WallTime, double>>> DemandHistory(const model::ServiceId& service,
                                                                   WallTime since, Micros step);
  // The file was replaced.
  Status ReopenTelemetry();

 private:
  Reader(Database state, Database telemetry) : state_(std::move(state)), telemetry_(std::move(telemetry)) {}

  std::mutex mutex_;  // guards both connections: callers of the RPC side and the loop share them
  Database state_;
  Database telemetry_;
};

}  // namespace shadowd::store
