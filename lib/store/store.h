// The durable memory of the daemon: state.db (control state; a commit is acknowledged once it is on disk) and
// telemetry.db (past demand; droppable), both SQLite in WAL mode under one directory. Owned by the daemon's
// app. One thread of the store's own writes both files and does all checkpoints, since SQLite before 3.51.3
// can damage a WAL that one connection checkpoints while another commits; Commit may be called from any
// thread, and reads go over read-only connections behind a mutex. A lock file keeps a second store out of the
// directory.
//
// Guarantees: the mutations of one Commit are applied together or not at all; batches are applied and
// acknowledged in the order of the calls; what was acknowledged survives SIGKILL and power loss (telemetry:
// SIGKILL). A batch that SQLite refuses (a constraint) fails alone. When the disk fails, every batch not yet
// acknowledged is refused, and so is each Commit after it, until a probe finds the disk writable again.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "base/time.h"
#include "model/ids.h"
#include "model/intent.h"
#include "ports/outcome.h"
#include "store/options.h"
#include "store/snapshot.h"

namespace shadowd::store {

class Committer;
class DirectoryLock;
class Reader;
class Writer;

class Store {
 public:
  static StatusOr<std::unique_ptr<Store>> Open(const Options& options);
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  // Before the first Commit. DATA_LOSS when a stored resource does not decode.
  StatusOr<Snapshot> Load();

  // Queues the mutations of one step. `done` runs on the writer thread, once, when they are durable, with the
  // batch's revision: consecutive within a run, never used twice. A batch with nothing for state.db does not
  // wait for its disk. On an error from Commit itself (queue full, disk failed, closed) `done` never runs.
  Status Commit(std::vector<ports::Mutation> mutations, std::function<void(StatusOr<int64_t> revision)> done);

  // Newest first, strictly before `before`.
  StatusOr<std::vector<model::AuditRow>> ListAudit(int64_t before_sequence, int limit);

  // Mean demand per step, ascending; steps without a sample are absent. Roll-ups fill what raw steps no
  // longer cover.
  StatusOr<std::vector<std::pair<WallTime, double>>> DemandHistory(const model::ServiceId& service,
                                                                   WallTime since, Micros step);

  Stats stats() const;

  // Commits what is queued, checkpoints and joins the thread. Later commits are refused. Safe to call twice.
  void Close();

 private:
  Store(Options options, std::unique_ptr<DirectoryLock> lock, std::unique_ptr<Reader> reader,
        std::unique_ptr<Committer> committer);

  std::function<WallTime()> clock_;
  std::unique_ptr<DirectoryLock> lock_;
  std::unique_ptr<Reader> reader_;
  std::unique_ptr<Writer> writer_;
};

}  // namespace shadowd::store
