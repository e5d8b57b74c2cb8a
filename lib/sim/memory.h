// Where a World keeps what its core made durable, so that a store of the daemon's own can stand where the
// double (kept.h) does: a crash then loses what was not committed, and a restart reads what a daemon would
// read. Owned by whoever plays; called by World's thread.
#pragma once

#include <string>
#include <vector>

#include "ports/event.h"
#include "ports/outcome.h"

namespace shadowd::sim {

struct Recalled {
  std::vector<ports::Restored> services;
  bool frozen = false;
  std::string frozen_reason;
};

class Memory {
 public:
  virtual ~Memory() = default;

  // The mutations of one step, whole: durable when it returns.
  virtual void Commit(const std::vector<ports::Mutation>& mutations) = 0;
  // Closed and opened again, as a daemon that starts does.
  virtual Recalled Reopen(WallTime now) = 0;
};

}  // namespace shadowd::sim
