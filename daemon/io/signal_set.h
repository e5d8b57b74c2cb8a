// Signals as readable events. Create blocks them for the calling thread and every thread started later, so it
// belongs at the start of main, before any thread; SIGPIPE is ignored from then on. Whoever starts a program
// must give it back an empty mask. One reader; move-only.
#pragma once

#include <optional>
#include <vector>

#include "base/status.h"
#include "base/time.h"
#include "daemon/io/unique_fd.h"

namespace shadowd::io {

class SignalSet {
 public:
  static StatusOr<SignalSet> Create(const std::vector<int>& signals);

  int fd() const { return fd_.get(); }  // readable when a signal is pending; non-blocking
  std::optional<int> Next();            // the next pending signal, at once
  std::optional<int> Wait(Micros timeout);

 private:
  explicit SignalSet(UniqueFd fd) : fd_(std::move(fd)) {}
  UniqueFd fd_;
};

}  // namespace shadowd::io
