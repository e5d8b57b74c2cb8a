// telemetry.db: past demand per service. Raw steps are kept three days; what grows older is rolled up into
// five-minute buckets (mean, max) and these are kept fifteen days. The writer side belongs to the writer
// thread and works within the caller's transaction; the history is read over any connection.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "base/time.h"
#include "model/ids.h"
#include "ports/outcome.h"
#include "store/sqlite.h"

namespace shadowd::store {

inline constexpr Micros kRawKept = std::chrono::hours(72);
inline constexpr Micros kStepMin = std::chrono::milliseconds(1);
inline constexpr Micros kRollupStep = std::chrono::minutes(5);
inline constexpr Micros kRollupKept = std::chrono::hours(15 * 24);

class TelemetryWriter {
 public:
  // Opens or makes the file. DATA_LOSS when it is damaged.
  static StatusOr<TelemetryWriter> Open(const std::string& path);

  Status Record(const model::ServiceId& service, const ports::DemandRecorded& demand);
  // The series loses its name; Expire deletes its rows.
  Status Remove(const model::ServiceId& service);
  // Rolls up and deletes what is old, a bounded piece at a time: true when more is left to do.
  StatusOr<bool> Expire(WallTime now);
  // After a rollback: forgets what may not be in the file.
  void Forget() { series_.clear(); }
  Database& database() { return database_; }

 private:
  explicit TelemetryWriter(Database database) : database_(std::move(database)) {}

  StatusOr<int64_t> SeriesOf(const model::ServiceId& service);
  StatusOr<bool> ExpireSeries(int64_t series, WallTime now);
  StatusOr<bool> DeleteSeries(int64_t series);

  Database database_;
  std::map<model::ServiceId, int64_t> series_;
  int64_t next_expired_ = 0;  // id of the series from which the next Expire goes on
};

// A file that is there, for reading only: that of a daemon, which may be running, or a copy of one.
// FAILED_PRECONDITION for another database and for a newer schema, DATA_LOSS for what is damaged.
StatusOr<Database> OpenTelemetry(const std::string& path);
// Those with at least one sample, by name.
StatusOr<std::vector<model::ServiceId>> ListDemand(Database& telemetry);

// Mean demand per step since `since`, ascending, at most the newest `points_max`. A roll-up stands for each
// step that it covers and that has no raw sample.
StatusOr<std::vector<std::pair<WallTime, double>>> ReadDemand(Database& telemetry,
                                                              const model::ServiceId& service, WallTime since,
                                                              Micros step, size_t points_max);

}  // namespace shadowd::store
