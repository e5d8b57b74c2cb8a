#include "daemon/shim/output_file.h"

#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>
#include <vector>

namespace shadowd::shim {
namespace {

uint64_t SizeOf(int fd) {
  struct stat info {};
  return ::fstat(fd, &info) == 0 ? static_cast<uint64_t>(info.st_size) : 0;
}

}  // namespace

StatusOr<OutputFile> OutputFile::Create(std::string path, uint64_t max_bytes) {
  io::UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0640));
  if (!fd.valid()) {
    return ErrnoStatus(errno, path);
  }
  io::UniqueFd watch(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  if (watch.valid() && ::inotify_add_watch(watch.get(), path.c_str(), IN_MODIFY) < 0) {
    watch.Reset();
  }
  return OutputFile(std::move(path), max_bytes, std::move(fd), std::move(watch));
}

OutputFile::OutputFile(std::string path, uint64_t max_bytes, io::UniqueFd fd, io::UniqueFd watch)
    : path_(std::move(path)), max_bytes_(max_bytes), fd_(std::move(fd)), watch_(std::move(watch)) {}

void OutputFile::Look() {
  char notices[4096];
  while (watch_.valid() && ::read(watch_.get(), notices, sizeof(notices)) > 0) {
  }
  const uint64_t size = SizeOf(fd_.get());
  if (size > max_bytes_) {
    KeepNewestHalf(size);
  }
}

// The descriptor of the replica appends, so after the cut it goes on at the new end. A second descriptor
// without O_APPEND is needed: pwrite on an appending one ignores the offset.
void OutputFile::KeepNewestHalf(uint64_t size) {
  const io::UniqueFd rewrite(::open(path_.c_str(), O_WRONLY | O_CLOEXEC));
  if (!rewrite.valid()) {
    return;
  }
  std::vector<char> chunk(64 * 1024);
  uint64_t from = size - max_bytes_ / 2;
  uint64_t to = 0;
  for (;;) {
    const ssize_t got = ::pread(fd_.get(), chunk.data(), chunk.size(), static_cast<off_t>(from));
    if (got <= 0 || to >= max_bytes_ - max_bytes_ / 4) {
      break;
    }
    if (::pwrite(rewrite.get(), chunk.data(), static_cast<size_t>(got), static_cast<off_t>(to)) != got) {
      break;
    }
    from += static_cast<uint64_t>(got);
    to += static_cast<uint64_t>(got);
  }
  if (::ftruncate(rewrite.get(), static_cast<off_t>(to)) != 0) {
    return;  // the next look tries again
  }
}

std::string OutputFile::Tail(size_t max_bytes) const {
  const uint64_t size = SizeOf(fd_.get());
  std::string tail(std::min<uint64_t>(size, max_bytes), '\0');
  const ssize_t got = ::pread(fd_.get(), tail.data(), tail.size(), static_cast<off_t>(size - tail.size()));
  tail.resize(got > 0 ? static_cast<size_t>(got) : 0);
  const size_t first_end = tail.find('\n');
  if (tail.size() < size && first_end != std::string::npos) {
    tail.erase(0, first_end + 1);  // it began in the middle of a line
  }
  while (!tail.empty() && tail.back() == '\n') {
    tail.pop_back();
  }
  return tail;
}

void OutputFile::Remove() {
  ::unlink(path_.c_str());
}

}  // namespace shadowd::shim
