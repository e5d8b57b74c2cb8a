#include "daemon/io/lock_file.h"

#include <fcntl.h>
#include <sys/file.h>

#include <array>
#include <cerrno>

namespace shadowd::io {
namespace {

std::string HolderOf(int fd) {
  std::array<char, 32> text{};
  const ssize_t length = ::pread(fd, text.data(), text.size() - 1, 0);
  std::string pid;
  for (ssize_t i = 0;
       i < length && text[static_cast<size_t>(i)] >= '0' && text[static_cast<size_t>(i)] <= '9'; ++i) {
    pid += text[static_cast<size_t>(i)];
  }
  return pid.empty() ? "another process" : "process " + pid;
}

}  // namespace

StatusOr<LockFile> LockFile::Acquire(const std::string& path) {
  UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640));
  if (!fd.valid()) {
    return ErrnoStatus(errno, "cannot open the lock file " + path);
  }
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) {
      return WithReason(
          AlreadyExists("another shadowd is running here: {} holds {}", HolderOf(fd.get()), path),
          "DAEMON_RUNNING");
    }
    return ErrnoStatus(errno, "cannot lock " + path);
  }
  const std::string pid = fmt::format("{}\n", ::getpid());
  if (::ftruncate(fd.get(), 0) != 0 ||
      ::pwrite(fd.get(), pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size())) {
    return ErrnoStatus(errno, "cannot write to the lock file " + path);
  }
  return LockFile(std::move(fd));
}

}  // namespace shadowd::io
