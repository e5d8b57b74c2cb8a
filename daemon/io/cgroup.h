// The control groups of replicas. Production and shadows are sibling groups, because idle weight acts among
// siblings only:
//   instances/<id>   shadows/<id> (idle)   shadows_full/<id>   shims
// In the unit of the service manager they are below it. Elsewhere they are /shadowd-instances,
// /shadowd-shadows ... at the top, where the idle ones yield to everything else on the host too. Works with
// cgroup v2, with v1 (cpu and memory hierarchies) and with the hybrid of both, where v2 carries no controller
// and serves accounting. Without a writable hierarchy everything still runs, niced within autogroups, and
// note() says why. Owned by the provider; its thread only.
#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "kpi/proc.h"
#include "provider/process_plan.h"

namespace shadowd::io {

class CgroupTree {
 public:
  // `parent` is a group below the mounts; "" = the unit shadowd-replicas.service where it runs and the
  // runtime directory is the system's, else the top, with names that tell daemons with other directories
  // apart.
  static CgroupTree Find(const std::string& parent, const std::string& runtime_dir);

  struct Placement {
    std::vector<std::string> child_cgroups;
    std::vector<std::string> shim_cgroups;
    bool memory_held = false;     // a memory controller keeps the ceiling
    bool autogroup_nice = false;  // there is no group to be idle in
    std::string note;
  };
  // Makes the groups of a replica. Never fails: what cannot be had is missing from the placement and in its
  // note.
  Placement Make(const provider::ProcessPlan& plan);

  // Directories of a replica's group, one per hierarchy that has it.
  std::vector<std::string> Directories(const std::string& cgroup) const;
  // SIGKILL to whatever is in the group, until nothing is (bounded by a second); removes it.
  void End(const std::string& cgroup) const;
  // Removes the groups that are empty, at the end.
  void RemoveEmpty() const;

  const std::string& note() const { return note_; }

 private:
  CgroupTree() = default;
  Status Prepare(const std::string& prefix);
  Status PrepareUnified();

  kpi::CgroupMounts mounts_;
  bool unified_controls_ = false;  // v2 has the controllers
  // Prefixes of the groups: "/sys/fs/cgroup/cpu/shadowd-", ".../shadowd-replicas.service/"; "" = none.
  std::string cpu_;         // of the hierarchy with the cpu controller
  std::string memory_;      // with the memory controller
  std::string accounting_;  // v2 beside v1
  std::string note_;
};

}  // namespace shadowd::io
