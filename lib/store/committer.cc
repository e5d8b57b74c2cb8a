#include "store/committer.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "store/migrations.h"
#include "store/state_writer.h"

namespace shadowd::store {
namespace {

constexpr int64_t kReservedRevisions = 1000;

// What SQLite holds against one batch, as opposed to what the disk does to all of them.
bool IsRefusal(const Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kAlreadyExists:
      return true;
    default:
      return false;
  }
}

bool HasState(const Batch& batch) {
  return std::any_of(batch.mutations.begin(), batch.mutations.end(),
                     [](const ports::Mutation& mutation) { return GoesToState(mutation.change); });
}

bool IsDemand(const ports::Change& change) {
  return std::holds_alternative<ports::DemandRecorded>(change) ||
         std::holds_alternative<ports::ServiceRemoved>(change);
}

bool HasDemand(const Batch& batch) {
  return std::any_of(batch.mutations.begin(), batch.mutations.end(),
                     [](const ports::Mutation& mutation) { return IsDemand(mutation.change); });
}

StatusOr<Database> OpenState(const std::string& path) {
  SHADOWD_ASSIGN_OR_RETURN(Database state, Database::Open(path, Access::kReadWrite, Sync::kFull));
  SHADOWD_RETURN_IF_ERROR(state.QuickCheck());
  SHADOWD_RETURN_IF_ERROR(Migrate(state, StateSchema(), kStateApplicationId));
  return state;
}

Status Rename(const std::string& from, const std::string& to) {
  std::error_code error;
  std::filesystem::rename(from, to, error);
  if (error && error != std::errc::no_such_file_or_directory) {
    return ErrnoStatus(error.value(), fmt::format("rename {} to {}", from, to));
  }
  return absl::OkStatus();
}

// One damaged file is kept, the newest: it may help whoever looks for the cause.
Status MoveAside(const std::string& path) {
  std::error_code ignored;
  std::filesystem::remove(path + "-shm", ignored);
  SHADOWD_RETURN_IF_ERROR(Rename(path + "-wal", path + ".corrupt-wal"));
  return Rename(path, path + ".corrupt");
}

}  // namespace

std::string StatePath(const std::string& directory) {
  return directory + "/state.db";
}
std::string TelemetryPath(const std::string& directory) {
  return directory + "/telemetry.db";
}

Committer::Committer(std::string directory, Database state)
    : directory_(std::move(directory)), state_(std::move(state)) {}

StatusOr<std::unique_ptr<Committer>> Committer::Open(const std::string& directory) {
  StatusOr<Database> state = OpenState(StatePath(directory));
  if (absl::IsDataLoss(state.status())) {
    return WithReason(
        DataLoss("{} is damaged ({}); shadowd does not start on it. Restore a copy of it, or move it away "
                 "to start without memory of services, replicas and decisions",
                 StatePath(directory), MessageOf(state.status())),
        "STORE_DAMAGED");
  }
  SHADOWD_RETURN_IF_ERROR(state.status());
  std::unique_ptr<Committer> committer(new Committer(directory, *std::move(state)));
  Status telemetry = committer->OpenTelemetry();
  if (absl::IsDataLoss(telemetry)) {
    telemetry = committer->ReplaceTelemetry();
  }
  SHADOWD_RETURN_IF_ERROR(telemetry);
  SHADOWD_RETURN_IF_ERROR(committer->Start());
  return committer;
}

Status Committer::Start() {
  SHADOWD_ASSIGN_OR_RETURN(reserved_, state_.QueryInt("SELECT revision_reserved FROM meta"));
  revision_ = reserved_;
  SHADOWD_RETURN_IF_ERROR(retention_.TouchAll(state_));
  SHADOWD_ASSIGN_OR_RETURN(Transaction transaction, Transaction::Begin(state_));
  SHADOWD_RETURN_IF_ERROR(Retain());
  return transaction.Commit();
}

Status Committer::Commit(std::span<Batch> group) {
  const int64_t before = revision_;
  const bool must_reserve = revision_ + static_cast<int64_t>(group.size()) > reserved_;
  if (must_reserve || std::any_of(group.begin(), group.end(), HasState)) {
    if (const Status status = CommitState(group); !status.ok()) {
      revision_ = before;
      for (Batch& batch : group) {
        batch.revision = status;
      }
      return status;
    }
  } else {
    for (Batch& batch : group) {
      batch.revision = ++revision_;
    }
  }
  CommitDemand(group);
  return absl::OkStatus();
}

Status Committer::CommitState(std::span<Batch> group) {
  SHADOWD_ASSIGN_OR_RETURN(Transaction transaction, Transaction::Begin(state_));
  uint64_t rows = 0;
  for (Batch& batch : group) {
    const Status applied = HasState(batch) ? ApplyBatch(batch) : absl::OkStatus();
    if (!applied.ok() && (!IsRefusal(applied) || !state_.in_transaction())) {
      return applied;
    }
    if (applied.ok()) {
      batch.revision = ++revision_;
      rows += batch.mutations.size();
    } else {
      batch.revision = applied;
    }
  }
  if (retention_.due()) {
    SHADOWD_RETURN_IF_ERROR(Retain());
  }
  int64_t reserved = reserved_;
  if (revision_ > reserved_) {
    reserved = revision_ + kReservedRevisions;
    SHADOWD_RETURN_IF_ERROR(state_.Run("UPDATE meta SET revision_reserved = ?", reserved));
  }
  SHADOWD_RETURN_IF_ERROR(transaction.Commit());
  reserved_ = reserved;
  counters_.rows += rows;
  ++counters_.groups;
  return absl::OkStatus();
}

Status Committer::ApplyBatch(Batch& batch) {
  return InSavepoint(state_, [&]() -> Status {
    for (const ports::Mutation& mutation : batch.mutations) {
      SHADOWD_RETURN_IF_ERROR(ApplyToState(state_, mutation, revision_ + 1));
      retention_.Touch(mutation);
    }
    return absl::OkStatus();
  });
}

Status Committer::Retain() {
  SHADOWD_ASSIGN_OR_RETURN(const int64_t deleted, retention_.Pass(state_));
  counters_.expired_rows += static_cast<uint64_t>(deleted);
  return absl::OkStatus();
}

void Committer::CommitDemand(std::span<Batch> group) {
  if (std::none_of(group.begin(), group.end(), HasDemand)) {
    return;
  }
  Status status = WriteDemand(group);
  if (absl::IsDataLoss(status) && ReplaceTelemetry().ok()) {
    status = WriteDemand(group);
  }
  if (status.ok()) {
    return;
  }
  if (telemetry_ != nullptr) {
    telemetry_->Forget();
  }
  counters_.telemetry_error = MessageOf(status);
  // What state.db holds is acknowledged all the same: demand can be dropped, a decision cannot.
  for (Batch& batch : group) {
    if (batch.revision.ok() && HasDemand(batch) && !HasState(batch)) {
      batch.revision = status;
    }
  }
}

Status Committer::WriteDemand(std::span<Batch> group) {
  if (telemetry_ == nullptr) {
    SHADOWD_RETURN_IF_ERROR(OpenTelemetry());
  }
  Database& database = telemetry_->database();
  SHADOWD_ASSIGN_OR_RETURN(Transaction transaction, Transaction::Begin(database));
  uint64_t rows = 0;
  for (Batch& batch : group) {
    if (!batch.revision.ok() || !HasDemand(batch)) {
      continue;
    }
    const Status applied = InSavepoint(database, [&] { return ApplyDemand(batch); });
    if (applied.ok()) {
      rows += HasState(batch) ? 0 : batch.mutations.size();
      continue;
    }
    telemetry_->Forget();
    if (!IsRefusal(applied) || !database.in_transaction()) {
      return applied;
    }
    counters_.telemetry_error = MessageOf(applied);
    if (!HasState(batch)) {
      batch.revision = applied;
    }
  }
  SHADOWD_RETURN_IF_ERROR(transaction.Commit());
  counters_.rows += rows;
  return absl::OkStatus();
}

Status Committer::ApplyDemand(const Batch& batch) {
  for (const ports::Mutation& mutation : batch.mutations) {
    if (const auto* demand = std::get_if<ports::DemandRecorded>(&mutation.change)) {
      SHADOWD_RETURN_IF_ERROR(telemetry_->Record(mutation.service, *demand));
    } else if (const auto* removed = std::get_if<ports::ServiceRemoved>(&mutation.change)) {
      SHADOWD_RETURN_IF_ERROR(telemetry_->Remove(removed->id));
    }
  }
  return absl::OkStatus();
}

Status Committer::Probe() {
  // A checkpoint may give the WAL's space back; if it cannot, the write below tells.
  (void)state_.Checkpoint();
  SHADOWD_ASSIGN_OR_RETURN(Transaction transaction, Transaction::Begin(state_));
  // Another value each time: SQLite does not write a page that stays the same.
  SHADOWD_RETURN_IF_ERROR(state_.Run("UPDATE meta SET revision_reserved = ?", reserved_ + 1));
  SHADOWD_RETURN_IF_ERROR(transaction.Commit());
  ++reserved_;
  return absl::OkStatus();
}

StatusOr<bool> Committer::ExpireDemand(WallTime now) {
  if (telemetry_ == nullptr) {
    return false;
  }
  SHADOWD_ASSIGN_OR_RETURN(Transaction transaction, Transaction::Begin(telemetry_->database()));
  SHADOWD_ASSIGN_OR_RETURN(const bool more, telemetry_->Expire(now));
  SHADOWD_RETURN_IF_ERROR(transaction.Commit());
  return more;
}

Status Committer::OpenTelemetry() {
  SHADOWD_ASSIGN_OR_RETURN(TelemetryWriter opened, TelemetryWriter::Open(TelemetryPath(directory_)));
  telemetry_ = std::make_unique<TelemetryWriter>(std::move(opened));
  return absl::OkStatus();
}

Status Committer::ReplaceTelemetry() {
  // Closed before the new file is made: a closing connection removes the WAL by its name.
  telemetry_.reset();
  ++counters_.telemetry_replacements;
  SHADOWD_RETURN_IF_ERROR(MoveAside(TelemetryPath(directory_)));
  return OpenTelemetry();
}

Status Committer::Close() {
  Status status = state_.Run("UPDATE meta SET revision_reserved = ?", revision_);
  status.Update(state_.Execute("PRAGMA optimize;"));
  status.Update(state_.Checkpoint());
  if (telemetry_ != nullptr) {
    status.Update(telemetry_->database().Checkpoint());
  }
  return status;
}

}  // namespace shadowd::store
