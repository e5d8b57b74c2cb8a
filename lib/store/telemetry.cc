#include "store/telemetry.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "store/migrations.h"

namespace shadowd::store {
namespace {

constexpr int64_t kRollupUs = kRollupStep.count();
constexpr int64_t kRawRowsMax = 5000;      // rolled up in one piece
constexpr int64_t kDeletedRowsMax = 5000;  // of roll-ups or of a removed series, in one piece
constexpr int64_t kSeriesPerPass = 256;
// A damaged file of this size is found before it is used; in a larger one the damage is met later, and
// handled then.
constexpr int64_t kCheckedBytesMax = 64 << 20;

constexpr int64_t Floor(int64_t at_us, int64_t step_us) {
  const int64_t rest = at_us % step_us;
  return at_us - (rest < 0 ? rest + step_us : rest);
}

Status CheckSmallFile(Database& database) {
  SHADOWD_ASSIGN_OR_RETURN(const int64_t pages, database.QueryInt("PRAGMA page_count"));
  SHADOWD_ASSIGN_OR_RETURN(const int64_t page_bytes, database.QueryInt("PRAGMA page_size"));
  return pages * page_bytes > kCheckedBytesMax ? absl::OkStatus() : database.QuickCheck();
}

// The first value of a query, if it gives one that is not NULL.
template <typename... Args>
StatusOr<std::optional<int64_t>> First(Database& database, std::string_view sql, const Args&... args) {
  std::optional<int64_t> value;
  SHADOWD_RETURN_IF_ERROR(database.Query(
      sql,
      [&](const Statement& row) {
        if (!row.IsNull(0)) {
          value = row.Int(0);
        }
        return absl::OkStatus();
      },
      args...));
  return value;
}

struct Mean {
  double sum = 0;
  int64_t count = 0;
};

}  // namespace

StatusOr<TelemetryWriter> TelemetryWriter::Open(const std::string& path) {
  SHADOWD_ASSIGN_OR_RETURN(Database database, Database::Open(path, Access::kReadWrite, Sync::kNormal));
  SHADOWD_RETURN_IF_ERROR(Migrate(database, TelemetrySchema(), kTelemetryApplicationId));
  SHADOWD_RETURN_IF_ERROR(CheckSmallFile(database));
  return TelemetryWriter(std::move(database));
}

StatusOr<int64_t> TelemetryWriter::SeriesOf(const model::ServiceId& service) {
  if (const auto found = series_.find(service); found != series_.end()) {
    return found->second;
  }
  SHADOWD_RETURN_IF_ERROR(database_.Run("INSERT OR IGNORE INTO series (service) VALUES (?)", service.str()));
  SHADOWD_ASSIGN_OR_RETURN(const std::optional<int64_t> id,
                           First(database_, "SELECT id FROM series WHERE service = ?", service.str()));
  if (!id.has_value()) {
    return WithField(InvalidArgument("demand.service: '{}' cannot name a series", service), "demand.service");
  }
  return series_[service] = *id;
}

Status TelemetryWriter::Record(const model::ServiceId& service, const ports::DemandRecorded& demand) {
  if (!std::isfinite(demand.rps) || demand.rps < 0) {
    return WithField(InvalidArgument("demand.rps: {} is not a rate", demand.rps), "demand.rps");
  }
  SHADOWD_ASSIGN_OR_RETURN(const int64_t series, SeriesOf(service));
  return database_.Run("REPLACE INTO demand (series, at_us, rps) VALUES (?, ?, ?)", series,
                       ToMicros(demand.at), demand.rps);
}

Status TelemetryWriter::Remove(const model::ServiceId& service) {
  series_.erase(service);
  return database_.Run("UPDATE series SET service = NULL WHERE service = ?", service.str());
}

StatusOr<bool> TelemetryWriter::Expire(WallTime now) {
  std::vector<std::pair<int64_t, bool>> pass;  // id, removed
  SHADOWD_RETURN_IF_ERROR(database_.Query(
      "SELECT id, service IS NULL FROM series WHERE id >= ? ORDER BY id LIMIT ?",
      [&](const Statement& row) {
        pass.emplace_back(row.Int(0), row.Int(1) != 0);
        return absl::OkStatus();
      },
      next_expired_, kSeriesPerPass));
  for (const auto& [series, removed] : pass) {
    SHADOWD_ASSIGN_OR_RETURN(const bool more, removed ? DeleteSeries(series) : ExpireSeries(series, now));
    if (more) {
      next_expired_ = series;
      return true;
    }
  }
  const bool to_the_end = static_cast<int64_t>(pass.size()) < kSeriesPerPass;
  next_expired_ = to_the_end ? 0 : pass.back().first + 1;
  return !to_the_end;
}

StatusOr<bool> TelemetryWriter::ExpireSeries(int64_t series, WallTime now) {
  SHADOWD_RETURN_IF_ERROR(
      database_.Run("DELETE FROM demand_rollup WHERE series = ?1 AND at_us IN (SELECT at_us FROM "
                    "demand_rollup WHERE series = ?1 AND "
                    "at_us < ?2 ORDER BY at_us LIMIT ?3)",
                    series, ToMicros(now - kRollupKept), kDeletedRowsMax));
  if (database_.changes() == kDeletedRowsMax) {
    return true;
  }
  // Whole buckets only, so that a bucket is rolled up once; late samples are merged by weight.
  const int64_t cutoff = Floor(ToMicros(now - kRawKept), kRollupUs);
  SHADOWD_ASSIGN_OR_RETURN(
      const std::optional<int64_t> beyond,
      First(database_,
            "SELECT at_us FROM demand WHERE series = ? AND at_us < ? ORDER BY at_us LIMIT 1 OFFSET ?", series,
            cutoff, kRawRowsMax));
  SHADOWD_ASSIGN_OR_RETURN(
      const std::optional<int64_t> oldest,
      First(database_, "SELECT min(at_us) FROM demand WHERE series = ? AND at_us < ?", series, cutoff));
  if (!oldest.has_value()) {
    return false;
  }
  const int64_t next_bucket = Floor(*oldest, kRollupUs) + kRollupUs;
  const int64_t end = beyond.has_value() ? std::max(Floor(*beyond, kRollupUs), next_bucket) : cutoff;
  SHADOWD_RETURN_IF_ERROR(
      database_.Run("INSERT INTO demand_rollup (series, at_us, mean_rps, max_rps, samples) "
                    "SELECT series, at_us - at_us % ?3, avg(rps), max(rps), count(*) FROM demand WHERE "
                    "series = ?1 AND at_us < ?2 "
                    "GROUP BY at_us - at_us % ?3 "
                    "ON CONFLICT (series, at_us) DO UPDATE SET "
                    "mean_rps = (mean_rps * samples + excluded.mean_rps * excluded.samples) / (samples + "
                    "excluded.samples), "
                    "max_rps = max(max_rps, excluded.max_rps), samples = samples + excluded.samples",
                    series, end, kRollupUs));
  SHADOWD_RETURN_IF_ERROR(database_.Run("DELETE FROM demand WHERE series = ? AND at_us < ?", series, end));
  return beyond.has_value();
}

StatusOr<bool> TelemetryWriter::DeleteSeries(int64_t series) {
  SHADOWD_RETURN_IF_ERROR(
      database_.Run("DELETE FROM demand WHERE series = ?1 AND at_us IN (SELECT at_us FROM demand WHERE "
                    "series = ?1 LIMIT ?2)",
                    series, kDeletedRowsMax));
  if (database_.changes() == kDeletedRowsMax) {
    return true;
  }
  SHADOWD_RETURN_IF_ERROR(database_.Run("DELETE FROM demand_rollup WHERE series = ?", series));
  SHADOWD_RETURN_IF_ERROR(database_.Run("DELETE FROM series WHERE id = ?", series));
  return false;
}

StatusOr<Database> OpenTelemetry(const std::string& path) {
  SHADOWD_ASSIGN_OR_RETURN(Database database, Database::Open(path, Access::kReadOnly, Sync::kNormal));
  SHADOWD_ASSIGN_OR_RETURN(const int64_t owner, database.QueryInt("PRAGMA application_id"));
  if (owner != kTelemetryApplicationId) {
    const char* hint = owner == kStateApplicationId
                           ? " but its state.db; past demand is in telemetry.db beside it"
                           : (owner == 0 ? "; the copy of one in use needs its -wal beside it" : "");
    return WithReason(FailedPrecondition("{}: it is not the telemetry.db of a shadowd{}", path, hint),
                      "STORE_FOREIGN_FILE");
  }
  SHADOWD_ASSIGN_OR_RETURN(const int64_t version, database.QueryInt("PRAGMA user_version"));
  if (const auto newest = static_cast<int64_t>(TelemetrySchema().size()); version > newest) {
    return WithReason(
        FailedPrecondition("{}: it has schema version {}, this program knows {}", path, version, newest),
        "STORE_TOO_NEW");
  }
  return database;
}

StatusOr<std::vector<model::ServiceId>> ListDemand(Database& telemetry) {
  std::vector<model::ServiceId> services;
  SHADOWD_RETURN_IF_ERROR(
      telemetry.Query("SELECT service FROM series WHERE service IS NOT NULL AND (EXISTS (SELECT 1 FROM "
                      "demand WHERE series = id) "
                      "OR EXISTS (SELECT 1 FROM demand_rollup WHERE series = id)) ORDER BY service",
                      [&](const Statement& row) {
                        services.emplace_back(row.Text(0));
                        return absl::OkStatus();
                      }));
  return services;
}

StatusOr<std::vector<std::pair<WallTime, double>>> ReadDemand(Database& telemetry,
                                                              const model::ServiceId& service, WallTime since,
                                                              Micros step, size_t points_max) {
  if (step < kStepMin) {
    return WithField(InvalidArgument("step: {} us is too short", step.count()), "step");
  }
  const int64_t step_us = step.count();
  std::map<int64_t, Mean> steps;
  const auto newest_only = [&] {
    while (steps.size() > points_max) {
      steps.erase(steps.begin());
    }
  };
  // Newest first, so that the reading can stop when there are enough.
  SHADOWD_RETURN_IF_ERROR(telemetry.Query(
      "SELECT at_us - at_us % ?3, sum(rps), count(*) FROM demand WHERE series = (SELECT id FROM series WHERE "
      "service = ?1) "
      "AND at_us >= ?2 GROUP BY 1 ORDER BY 1 DESC LIMIT ?4",
      [&](const Statement& row) {
        steps[row.Int(0)] = {row.Real(1), row.Int(2)};
        return absl::OkStatus();
      },
      service.str(), Floor(ToMicros(since), step_us), step_us, static_cast<int64_t>(points_max)));
  const std::map<int64_t, Mean> raw = steps;
  SHADOWD_RETURN_IF_ERROR(telemetry.Query(
      "SELECT at_us, mean_rps, samples FROM demand_rollup WHERE series = (SELECT id FROM series WHERE "
      "service = ?1) AND "
      "at_us >= ?2 ORDER BY at_us DESC LIMIT ?3",
      [&](const Statement& row) {
        const int64_t end = row.Int(0) + kRollupUs;
        for (int64_t at = Floor(row.Int(0), step_us); at < end; at += step_us) {
          if (!raw.contains(at)) {
            Mean& mean = steps[at];
            mean.sum += row.Real(1) * static_cast<double>(row.Int(2));
            mean.count += row.Int(2);
          }
        }
        newest_only();
        return absl::OkStatus();
      },
      service.str(), Floor(ToMicros(since), kRollupUs), static_cast<int64_t>(kRollupKept / kRollupStep)));
  newest_only();
  std::vector<std::pair<WallTime, double>> history;
  history.reserve(steps.size());
  for (const auto& [at, mean] : steps) {
    if (at >= Floor(ToMicros(since), step_us)) {
      history.emplace_back(WallFromMicros(at), mean.sum / static_cast<double>(mean.count));
    }
  }
  return history;
}

}  // namespace shadowd::store
