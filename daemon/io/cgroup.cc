#include "daemon/io/cgroup.h"

#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <set>

#include "daemon/io/proc_files.h"

namespace shadowd::io {
namespace {

constexpr const char* kSystemRuntimeDir = "/run/shadowd";
constexpr const char* kReplicasUnit = "/shadowd.slice/shadowd-replicas.service";
constexpr const char* kIdleGroup = "shadows";
constexpr const char* kShimGroup = "shims";
constexpr const char* kGroups[] = {"instances", kIdleGroup, "shadows_full", kShimGroup};

bool Exists(const std::string& path) {
  return ::access(path.c_str(), F_OK) == 0;
}

// FNV-1a: stable across restarts and builds, which std::hash does not promise.
uint32_t StableHash(const std::string& text) {
  uint32_t hash = 2166136261U;
  for (const char c : text) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
  }
  return hash;
}

// What stands before the name of a group, relative to the mount: "/shadowd-" makes groups at the top, ".../"
// below.
std::string PrefixFor(const std::string& parent, const std::string& runtime_dir, const std::string& unified) {
  if (!parent.empty()) {
    return (parent[0] == '/' ? "" : "/") + parent + "/";
  }
  if (runtime_dir != kSystemRuntimeDir) {
    return fmt::format("/shadowd-{:08x}-", StableHash(runtime_dir));
  }
  return Exists(unified + kReplicasUnit) ? std::string(kReplicasUnit) + "/" : "/shadowd-";
}

std::vector<int64_t> Members(const std::string& directory) {
  const auto text = ReadSmallFile(directory + "/cgroup.procs");
  return text.ok() ? kpi::ParsePids(*text).value_or(std::vector<int64_t>{}) : std::vector<int64_t>{};
}

}  // namespace

CgroupTree CgroupTree::Find(const std::string& parent, const std::string& runtime_dir) {
  CgroupTree tree;
  tree.mounts_ = kpi::ParseCgroupMounts(ReadSmallFile("/proc/self/mounts", 1 << 20).value_or(""));
  const Status prepared = tree.Prepare(PrefixFor(parent, runtime_dir, tree.mounts_.unified));
  if (!prepared.ok()) {
    tree.cpu_.clear();
    tree.memory_.clear();
    tree.accounting_.clear();
    tree.note_ =
        fmt::format("no control group for replicas ({}); shadows are niced within autogroups instead",
                    MessageOf(prepared));
  }
  return tree;
}

Status CgroupTree::Prepare(const std::string& prefix) {
  if (!mounts_.cpu.empty()) {
    cpu_ = mounts_.cpu + prefix;
    memory_ = mounts_.memory.empty() ? "" : mounts_.memory + prefix;
    accounting_ = mounts_.unified.empty() ? "" : mounts_.unified + prefix;
  } else if (!mounts_.unified.empty()) {
    unified_controls_ = true;
    cpu_ = memory_ = mounts_.unified + prefix;
    SHADOWD_RETURN_IF_ERROR(PrepareUnified());
  } else {
    return FailedPrecondition("no cgroup file system is mounted");
  }
  for (const char* group : kGroups) {
    SHADOWD_RETURN_IF_ERROR(MakeDirectories(cpu_ + group));
    if (unified_controls_ && std::string_view(group) != kShimGroup) {
      SHADOWD_RETURN_IF_ERROR(WriteControlFile(cpu_ + group + "/cgroup.subtree_control", "+cpu +memory"));
    }
  }
  const char* const weight = unified_controls_ ? "/cpu.weight" : "/cpu.shares";
  // One group stands for all of production: it weighs what about eight replicas would weigh on their own.
  SHADOWD_RETURN_IF_ERROR(WriteControlFile(cpu_ + "instances" + weight, unified_controls_ ? "800" : "8192"));
  const Status idle = WriteControlFile(cpu_ + kIdleGroup + "/cpu.idle", "1");
  if (!idle.ok()) {
    SHADOWD_RETURN_IF_ERROR(WriteControlFile(cpu_ + kIdleGroup + weight, unified_controls_ ? "1" : "2"));
    note_ = fmt::format("no idle groups on this kernel ({}); shadows have the least weight instead",
                        MessageOf(idle));
  }
  return {};
}

// Controllers reach the groups only if every ancestor passes them on, and a group that does may hold no
// process of its own: those found (the unit's place holder) are moved into a leaf.
Status CgroupTree::PrepareUnified() {
  const std::string parent = cpu_.substr(0, cpu_.rfind('/'));
  SHADOWD_RETURN_IF_ERROR(MakeDirectories(parent));
  for (size_t at = mounts_.unified.size(); at < parent.size();
       at = std::min(parent.find('/', at + 1), parent.size())) {
    // The service manager owns these; a failure shows below, when the parent itself lacks the controller.
    WriteControlFile(parent.substr(0, at) + "/cgroup.subtree_control", "+cpu +memory").IgnoreError();
  }
  if (parent != mounts_.unified) {
    for (const int64_t pid : Members(parent)) {
      SHADOWD_RETURN_IF_ERROR(MakeDirectories(parent + "/holder"));
      SHADOWD_RETURN_IF_ERROR(WriteControlFile(parent + "/holder/cgroup.procs", std::to_string(pid)));
    }
  }
  return WriteControlFile(parent + "/cgroup.subtree_control", "+cpu +memory");
}

CgroupTree::Placement CgroupTree::Make(const provider::ProcessPlan& plan) {
  Placement placement;
  placement.note = note_;
  placement.autogroup_nice = cpu_.empty() && plan.cpu_idle;
  if (cpu_.empty()) {
    return placement;
  }
  std::set<std::string> hierarchies = {cpu_};
  if (!accounting_.empty()) {
    hierarchies.insert(accounting_);
  }
  if (!memory_.empty() && plan.memory_max_bytes > 0) {
    hierarchies.insert(memory_);
  }
  for (const std::string& hierarchy : hierarchies) {
    const std::string directory = hierarchy + plan.cgroup;
    const Status made = MakeDirectories(directory);
    if (made.ok()) {
      placement.child_cgroups.push_back(directory);
    } else {
      placement.note = MessageOf(made);
      placement.autogroup_nice |= hierarchy == cpu_ && plan.cpu_idle;
    }
  }
  if (MakeDirectories(cpu_ + kShimGroup).ok()) {
    placement.shim_cgroups.push_back(cpu_ + kShimGroup);
  }
  if (!memory_.empty() && plan.memory_max_bytes > 0) {
    const std::string file =
        memory_ + plan.cgroup + (unified_controls_ ? "/memory.max" : "/memory.limit_in_bytes");
    const Status held = WriteControlFile(file, std::to_string(plan.memory_max_bytes));
    placement.memory_held = held.ok();
    if (!held.ok()) {
      placement.note = MessageOf(held);
    }
  }
  return placement;
}

std::vector<std::string> CgroupTree::Directories(const std::string& cgroup) const {
  std::vector<std::string> found;
  for (const std::string& hierarchy : std::set<std::string>{cpu_, memory_, accounting_}) {
    if (!hierarchy.empty() && !cgroup.empty() && Exists(hierarchy + cgroup)) {
      found.push_back(hierarchy + cgroup);
    }
  }
  return found;
}

void CgroupTree::End(const std::string& cgroup) const {
  constexpr int kRounds = 200;
  constexpr useconds_t kPauseUs = 5000;
  for (const std::string& directory : Directories(cgroup)) {
    for (int round = 0; round < kRounds && ::rmdir(directory.c_str()) != 0 && errno == EBUSY; ++round) {
      for (const int64_t pid : Members(directory)) {
        if (pid > 0) {
          ::kill(static_cast<pid_t>(pid), SIGKILL);
        }
      }
      ::usleep(kPauseUs);
    }
  }
}

void CgroupTree::RemoveEmpty() const {
  constexpr int kRounds = 20;
  constexpr useconds_t kPauseUs = 5000;
  for (const std::string& hierarchy : {cpu_, memory_, accounting_}) {
    for (const char* group : kGroups) {
      const std::string directory = hierarchy + group;
      // A process that was just reaped keeps its group for a moment.
      for (int round = 0; round < kRounds && !hierarchy.empty() && ::rmdir(directory.c_str()) != 0 &&
                          errno == EBUSY && Members(directory).empty();
           ++round) {
        ::usleep(kPauseUs);
      }
    }
    if (hierarchy.ends_with('/')) {
      ::rmdir(hierarchy.c_str());  // refused where it is the unit's
    }
  }
}

}  // namespace shadowd::io
