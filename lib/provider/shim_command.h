// The command line of shadowd-shim: the plan, plus the paths and control groups that the executor made.
// Written by the daemon, read by the shim; both directions live here so that they cannot drift apart. Pure.
#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "provider/process_plan.h"

namespace shadowd::provider {

struct ShimCommand {
  ProcessPlan plan;       // without the environment, which the shim is given as its own
  std::string directory;  // of the state file, the socket and the output: <runtime_dir>/replicas
  std::vector<std::string> child_cgroups;  // directories that the child joins before it executes
  std::vector<std::string> shim_cgroups;  // and the shim, which must not be idle when it has to end the child
  bool poll_memory = false;     // no memory controller holds the ceiling: the shim watches the resident size
  bool autogroup_nice = false;  // no control group: the child's own autogroup is niced to 19
  std::string note;             // why isolation is less than asked
  bool operator==(const ShimCommand&) const = default;
};

// argv of the shim, argv[0] is its path.
std::vector<std::string> EncodeShimArgv(const std::string& shim_path, const ShimCommand& command);
StatusOr<ShimCommand> DecodeShimArgv(const std::vector<std::string>& argv);

// Descriptors that the shim inherits: the daemon's end of the first connection and the lock that is held as
// long as the shim lives.
inline constexpr int kShimControlFd = 3;
inline constexpr int kShimLockFd = 4;

}  // namespace shadowd::provider
