#include "store/store.h"

#include <chrono>
#include <utility>

#include "store/committer.h"
#include "store/directory_lock.h"
#include "store/reader.h"
#include "store/writer.h"

namespace shadowd::store {
namespace {

WallTime SystemClock() {
  return WallTime(std::chrono::duration_cast<Micros>(std::chrono::system_clock::now().time_since_epoch()));
}

Status CheckOptions(const Options& options) {
  if (options.directory.empty()) {
    return WithField(InvalidArgument("directory: is empty"), "directory");
  }
  if (options.group_max == 0 || options.queue_max == 0) {
    return WithField(InvalidArgument("group_max and queue_max: must be at least 1"), "queue_max");
  }
  return absl::OkStatus();
}

}  // namespace

Store::Store(Options options, std::unique_ptr<DirectoryLock> lock, std::unique_ptr<Reader> reader,
             std::unique_ptr<Committer> committer)
    : clock_(options.clock),
      lock_(std::move(lock)),
      reader_(std::move(reader)),
      writer_(std::make_unique<Writer>(std::move(committer), options, [this] {
        // On failure the reader goes on with the file it has, and its next error asks for this again.
        (void)reader_->ReopenTelemetry();
      })) {}

StatusOr<std::unique_ptr<Store>> Store::Open(const Options& asked) {
  SHADOWD_RETURN_IF_ERROR(CheckOptions(asked));
  Options options = asked;
  if (!options.clock) {
    options.clock = SystemClock;
  }
  SHADOWD_ASSIGN_OR_RETURN(std::unique_ptr<DirectoryLock> lock, DirectoryLock::Acquire(options.directory));
  SHADOWD_ASSIGN_OR_RETURN(std::unique_ptr<Committer> committer, Committer::Open(options.directory));
  SHADOWD_ASSIGN_OR_RETURN(std::unique_ptr<Reader> reader,
                           Reader::Open(StatePath(options.directory), TelemetryPath(options.directory)));
  return std::unique_ptr<Store>(
      new Store(std::move(options), std::move(lock), std::move(reader), std::move(committer)));
}

Store::~Store() {
  Close();
}

StatusOr<Snapshot> Store::Load() {
  SHADOWD_ASSIGN_OR_RETURN(Snapshot snapshot, reader_->Load());
  const Status demand = reader_->LoadDemand(clock_(), snapshot);
  if (absl::IsDataLoss(demand)) {
    writer_->ReplaceTelemetry();
  } else {
    SHADOWD_RETURN_IF_ERROR(demand);
  }
  return snapshot;
}

Status Store::Commit(std::vector<ports::Mutation> mutations,
                     std::function<void(StatusOr<int64_t> revision)> done) {
  return writer_->Commit(std::move(mutations), std::move(done));
}

StatusOr<std::vector<model::AuditRow>> Store::ListAudit(int64_t before_sequence, int limit) {
  return reader_->ListAudit(before_sequence, limit);
}

StatusOr<std::vector<std::pair<WallTime, double>>> Store::DemandHistory(const model::ServiceId& service,
                                                                        WallTime since, Micros step) {
  auto history = reader_->DemandHistory(service, since, step);
  if (absl::IsDataLoss(history.status())) {
    writer_->ReplaceTelemetry();
  }
  return history;
}

Stats Store::stats() const {
  return writer_->stats();
}

void Store::Close() {
  writer_->Close();
}

}  // namespace shadowd::store
