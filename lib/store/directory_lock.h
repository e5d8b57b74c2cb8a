// Holds a directory for one process: an flock on DIRECTORY/lock, which the kernel lets go of when the process
// ends, however it ends. Pinned; one thread.
#pragma once

#include <memory>
#include <string>

#include "base/status.h"

namespace shadowd::store {

class DirectoryLock {
 public:
  // Makes the directory (0750) when it is absent. FAILED_PRECONDITION when another process or store holds it.
  static StatusOr<std::unique_ptr<DirectoryLock>> Acquire(const std::string& directory);
  ~DirectoryLock();
  DirectoryLock(const DirectoryLock&) = delete;
  DirectoryLock& operator=(const DirectoryLock&) = delete;

 private:
  explicit DirectoryLock(int fd) : fd_(fd) {}

  int fd_;
};

}  // namespace shadowd::store
