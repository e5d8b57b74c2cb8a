// Holds the exclusive lock that makes this process the only shadowd of a runtime directory, for as long as it
// lives. The kernel drops the lock with the process, so nothing goes stale; the file itself stays, because
// unlinking it would let two daemons lock two files of one name. Move-only.
#pragma once

#include <string>

#include "base/status.h"
#include "daemon/io/unique_fd.h"

namespace shadowd::io {

class LockFile {
 public:
  // Never waits. ALREADY_EXISTS (DAEMON_RUNNING) names the process that has it.
  static StatusOr<LockFile> Acquire(const std::string& path);

 private:
  explicit LockFile(UniqueFd fd) : fd_(std::move(fd)) {}
  UniqueFd fd_;
};

}  // namespace shadowd::io
