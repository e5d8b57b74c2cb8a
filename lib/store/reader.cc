#include "store/reader.h"

#include <algorithm>
#include <map>

#include "store/body.h"
#include "store/telemetry.h"

namespace shadowd::store {
namespace {

// Points of demand that Load reads in all; each service gets its share, and no less than two weeks of
// roll-ups.
constexpr size_t kLoadedPointsMax = 4'000'000;
constexpr size_t kPointsPerServiceMax = 100'000;
constexpr size_t kPointsPerServiceMin = 4032;
constexpr size_t kHistoryPointsMax = 1'000'000;
// Of the models only the newest matter to a machine, and each carries all its points.
constexpr size_t kRestoredModelsMax = 32;
constexpr int kAuditPageMax = 10'000;

// Fills a snapshot table by table; nothing is written meanwhile.
class Loader {
 public:
  Loader(Database& state, Snapshot& snapshot) : state_(state), snapshot_(snapshot) {}

  Status Run() {
    SHADOWD_RETURN_IF_ERROR(Host());
    SHADOWD_RETURN_IF_ERROR(
        Table<model::Service>("SELECT id, 1, body, id FROM services ORDER BY create_time_us, id",
                              [&](const model::Service& service) {
                                index_[service.spec.id] = snapshot_.services.size();
                                snapshot_.services.emplace_back().service = service;
                              }));
    SHADOWD_RETURN_IF_ERROR(Open("instances", &ports::Restored::instances));
    SHADOWD_RETURN_IF_ERROR(Open("shadows", &ports::Restored::shadows));
    SHADOWD_RETURN_IF_ERROR(Open("trials", &ports::Restored::open_trials));
    SHADOWD_RETURN_IF_ERROR(Open("decisions", &ports::Restored::open_decisions));
    SHADOWD_RETURN_IF_ERROR(Models());
    SHADOWD_RETURN_IF_ERROR(Table<model::LedgerEntry>(
        "SELECT service, 1, body, decision FROM ledger ORDER BY create_time_us, decision", {}));
    SHADOWD_RETURN_IF_ERROR(Intents());
    return Sequences();
  }

 private:
  Status Host() {
    return state_.Query("SELECT frozen, frozen_reason, revision_reserved FROM meta",
                        [&](const Statement& row) {
                          snapshot_.frozen = row.Int(0) != 0;
                          snapshot_.frozen_reason = row.Text(1);
                          snapshot_.revision = row.Int(2);
                          return absl::OkStatus();
                        });
  }

  template <typename T>
  StatusOr<T> DecodeRow(const Statement& row) {
    StatusOr<T> resource = Decode<T>(row.Bytes(2));
    if (!resource.ok()) {
      return DataLoss("{}: the stored {} of service {} cannot be read: {}", state_.path(), row.Text(3),
                      row.Text(0), MessageOf(resource.status()));
    }
    return resource;
  }

  // Rows are (service, ended, body, id). `open` sees those that have not ended, in order.
  template <typename T>
  Status Table(std::string_view sql, const std::function<void(const T&)>& open) {
    return state_.Query(sql, [&](const Statement& row) -> Status {
      SHADOWD_ASSIGN_OR_RETURN(T resource, DecodeRow<T>(row));
      const model::ServiceId service(row.Text(0));
      if (open &&
          (row.Int(1) == 0 || std::is_same_v<T, model::Service> || std::is_same_v<T, model::ModelVersion>)) {
        open(resource);
      }
      snapshot_.resources.push_back({service, std::move(resource)});
      return absl::OkStatus();
    });
  }

  template <typename T>
  Status Open(std::string_view table, std::vector<T> ports::Restored::*list) {
    return Table<T>(
        fmt::format("SELECT service, ended, body, id FROM {} ORDER BY create_time_us, rowid", table),
        [&, list](const T& resource) { Append(resource.service, list, resource); });
  }

  Status Models() {
    SHADOWD_RETURN_IF_ERROR(Table<model::ModelVersion>(
        "SELECT service, 0, body, 'model ' || number FROM models ORDER BY service, number",
        [&](const model::ModelVersion& version) {
          Append(version.service, &ports::Restored::models, version);
        }));
    for (ports::Restored& restored : snapshot_.services) {
      const size_t excess = restored.models.size() - std::min(restored.models.size(), kRestoredModelsMax);
      restored.models.erase(restored.models.begin(),
                            restored.models.begin() + static_cast<ptrdiff_t>(excess));
    }
    return absl::OkStatus();
  }

  Status Intents() {
    return state_.Query(
        "SELECT service, ended, body, id FROM intents WHERE ended = 0 ORDER BY create_time_us, rowid",
        [&](const Statement& row) -> Status {
          SHADOWD_ASSIGN_OR_RETURN(model::Intent intent, DecodeRow<model::Intent>(row));
          Append(intent.service, &ports::Restored::pending_intents, intent);
          return absl::OkStatus();
        });
  }

  Status Sequences() {
    return state_.Query("SELECT service, next FROM sequences", [&](const Statement& row) {
      if (const auto found = index_.find(model::ServiceId(row.Text(0))); found != index_.end()) {
        snapshot_.services[found->second].next_sequence = static_cast<int>(row.Int(1));
      }
      return absl::OkStatus();
    });
  }

  // What belongs to no kept service has nobody to go to.
  template <typename T>
  void Append(const model::ServiceId& service, std::vector<T> ports::Restored::*list, const T& resource) {
    if (const auto found = index_.find(service); found != index_.end()) {
      (snapshot_.services[found->second].*list).push_back(resource);
    }
  }

  Database& state_;
  Snapshot& snapshot_;
  std::map<model::ServiceId, size_t> index_;
};

}  // namespace

StatusOr<std::unique_ptr<Reader>> Reader::Open(const std::string& state_path,
                                               const std::string& telemetry_path) {
  SHADOWD_ASSIGN_OR_RETURN(Database state, Database::Open(state_path, Access::kReadOnly, Sync::kFull));
  SHADOWD_ASSIGN_OR_RETURN(Database telemetry,
                           Database::Open(telemetry_path, Access::kReadOnly, Sync::kNormal));
  return std::unique_ptr<Reader>(new Reader(std::move(state), std::move(telemetry)));
}

StatusOr<Snapshot> Reader::Load() {
  const std::lock_guard lock(mutex_);
  Snapshot snapshot;
  SHADOWD_RETURN_IF_ERROR(Loader(state_, snapshot).Run());
  return snapshot;
}

Status Reader::LoadDemand(WallTime now, Snapshot& snapshot) {
  const std::lock_guard lock(mutex_);
  const size_t services = std::max<size_t>(snapshot.services.size(), 1);
  const size_t share = std::clamp(kLoadedPointsMax / services, kPointsPerServiceMin, kPointsPerServiceMax);
  for (ports::Restored& restored : snapshot.services) {
    const model::ServiceSpec& spec = restored.service.spec;
    SHADOWD_ASSIGN_OR_RETURN(restored.demand_rps,
                             ReadDemand(telemetry_, spec.id, now - kRollupKept,
                                        std::max(spec.forecast.resolution, kStepMin), share));
  }
  return absl::OkStatus();
}

StatusOr<std::vector<model::AuditRow>> Reader::ListAudit(int64_t before_sequence, int limit) {
  if (limit < 0) {
    return WithField(InvalidArgument("limit: {} is negative", limit), "limit");
  }
  const std::lock_guard lock(mutex_);
  std::vector<model::AuditRow> rows;
  SHADOWD_RETURN_IF_ERROR(state_.Query(
      "SELECT sequence, at_us, actor, method, resource, detail FROM audit WHERE sequence < ? "
      "ORDER BY sequence DESC LIMIT ?",
      [&](const Statement& row) {
        rows.push_back(
            {row.Int(0), {WallFromMicros(row.Int(1)), row.Text(2), row.Text(3), row.Text(4), row.Text(5)}});
        return absl::OkStatus();
      },
      before_sequence, std::min(limit, kAuditPageMax)));
  return rows;
}

StatusOr<std::vector<std::pair<WallTime, double>>> Reader::DemandHistory(const model::ServiceId& service,
                                                                         WallTime since, Micros step) {
  const std::lock_guard lock(mutex_);
  return ReadDemand(telemetry_, service, since, step, kHistoryPointsMax);
}

Status Reader::ReopenTelemetry() {
  const std::lock_guard lock(mutex_);
  const std::string path = telemetry_.path();
  SHADOWD_ASSIGN_OR_RETURN(telemetry_, Database::Open(path, Access::kReadOnly, Sync::kNormal));
  return absl::OkStatus();
}

}  // namespace shadowd::store
