// Everything that a replica is made of: its process group, what is in its control groups, and the descendants
// that left both (they come back to the shim, which is their subreaper). Ending it leaves nothing. Owned by
// the shim, single-threaded.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace shadowd::shim {

class ProcessGroup {
 public:
  ProcessGroup(pid_t leader, std::vector<std::string> cgroups);

  // To the process group and to what is in the control groups; those who left both are spared.
  void Signal(int number) const;
  // SIGKILL to everything, reaps it, and removes the control groups. Bounded by five seconds; false when
  // something is still there after that (a process in uninterruptible sleep).
  bool End();
  // Resident bytes of all of it.
  uint64_t Resident() const;

 private:
  std::vector<int64_t> CgroupMembers() const;
  void LeaveIdleGroups(const std::vector<int64_t>& pids) const;

  pid_t leader_;
  std::vector<std::string> cgroups_;
};

}  // namespace shadowd::shim
