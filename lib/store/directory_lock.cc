#include "store/directory_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace shadowd::store {

StatusOr<std::unique_ptr<DirectoryLock>> DirectoryLock::Acquire(const std::string& directory) {
  if (mkdir(directory.c_str(), 0750) != 0 && errno != EEXIST) {
    return ErrnoStatus(errno, fmt::format("make {}", directory));
  }
  const std::string path = directory + "/lock";
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640);
  if (fd < 0) {
    return ErrnoStatus(errno, fmt::format("open {}", path));
  }
  if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
    const int error_number = errno;
    close(fd);
    if (error_number == EWOULDBLOCK) {
      return WithReason(FailedPrecondition("{} is in use by another shadowd", directory), "STORE_IN_USE");
    }
    return ErrnoStatus(error_number, fmt::format("lock {}", path));
  }
  return std::unique_ptr<DirectoryLock>(new DirectoryLock(fd));
}

DirectoryLock::~DirectoryLock() {
  close(fd_);
}

}  // namespace shadowd::store
