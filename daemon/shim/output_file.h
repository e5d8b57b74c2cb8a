// The bounded file with a replica's output. The replica itself appends to it, so that it neither blocks nor
// dies when the shim does; the shim looks after each burst of writes and, past the bound, keeps the newest
// half. What is written within the microseconds of that cut may be lost; between two looks (50 ms) the file
// may exceed its bound. Owned by the shim, single-threaded.
#pragma once

#include <cstdint>
#include <string>

#include "base/status.h"
#include "daemon/io/unique_fd.h"

namespace shadowd::shim {

class OutputFile {
 public:
  static StatusOr<OutputFile> Create(std::string path, uint64_t max_bytes);

  int fd() const { return fd_.get(); }
  // Readable after writes; -1 where the kernel grants no watch.
  int watch_fd() const { return watch_.get(); }
  // Takes the notices and cuts the file if it is too long.
  void Look();
  // The last lines, at most max_bytes.
  std::string Tail(size_t max_bytes) const;
  void Remove();

 private:
  OutputFile(std::string path, uint64_t max_bytes, io::UniqueFd fd, io::UniqueFd watch);
  void KeepNewestHalf(uint64_t size);

  std::string path_;
  uint64_t max_bytes_;
  io::UniqueFd fd_;
  io::UniqueFd watch_;
};

}  // namespace shadowd::shim
