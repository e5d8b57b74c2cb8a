// Starts the replica's process: a session of its own, its control groups, CPUs and signals, its output
// appended to the given file, no descriptor and no capability of the daemon. The child waits until the shim
// has written down who it is, so a shim that is killed in between leaves no unknown process.
#pragma once

#include <sys/types.h>

#include <string>

#include "base/status.h"
#include "daemon/io/unique_fd.h"
#include "provider/shim_command.h"

namespace shadowd::shim {

struct StartError {
  int error_number = 0;
  std::string stage;  // "execve /bin/web", "sched_setaffinity"
};

class Child {
 public:
  // fork(2) failed: the errno. The child waits for Release.
  static StatusOr<Child> Fork(const provider::ShimCommand& command, int output_fd);

  pid_t pid() const { return pid_; }
  // Lets it execute its program. error_number 0 once it runs the program; else it has ended (and is to be
  // reaped).
  StartError Release();

 private:
  Child(pid_t pid, io::UniqueFd go, io::UniqueFd error);

  pid_t pid_;
  io::UniqueFd go_;
  io::UniqueFd error_;
};

}  // namespace shadowd::shim
