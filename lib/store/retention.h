// Keeps state.db bounded: what has ended is kept up to a number per service (the audit: of the host), newest
// first; what is open is never touched. Deletes are bounded too, so that no commit waits long for them: a
// pass takes at most kDeletesMax rows of a table and service, and the rest at the next pass. On the writer
// thread.
#pragma once

#include <cstdint>
#include <set>

#include "base/status.h"
#include "model/ids.h"
#include "ports/outcome.h"
#include "store/sqlite.h"

namespace shadowd::store {

inline constexpr int kEndedMax = 1000;  // shadows, trials, decisions, ledger entries, models, intents
inline constexpr int kEndedInstancesMax = 100;
inline constexpr int kAuditMax = 100'000;
inline constexpr int kDeletesMax = 500;

class Retention {
 public:
  // Every service in the database is due for a look: after a start.
  Status TouchAll(Database& state);
  void Touch(const ports::Mutation& mutation);
  // Within the caller's transaction. Gives the number of rows deleted.
  StatusOr<int64_t> Pass(Database& state);
  bool due() const { return touched_rows_ >= kPassEvery; }

 private:
  static constexpr int kPassEvery = 256;  // mutations between passes

  std::set<model::ServiceId> touched_;
  int touched_rows_ = 0;
};

}  // namespace shadowd::store
