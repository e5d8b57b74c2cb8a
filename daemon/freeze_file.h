// The kill switch as a file: while it exists nothing passes the gate to production. Reads the file system at
// each look and holds no state, so a restart changes nothing. Loop's thread.
#pragma once

#include <optional>
#include <string>

#include "ports/event.h"

namespace shadowd::daemon {

class FreezeFile {
 public:
  explicit FreezeFile(std::string path) : path_(std::move(path)) {}

  // What must change, given whether all is frozen now and why. While the file is there it freezes again what
  // was thawed; when it is gone only its own freeze ends: what a call or a signal froze stays frozen.
  std::optional<ports::Freeze> Look(bool frozen, const std::string& reason) const;

 private:
  std::string path_;
};

}  // namespace shadowd::daemon
