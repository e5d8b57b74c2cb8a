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
constexpr const char* kIdleGroup = "/shadows";

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

std::string DefaultParent(const std::string& runtime_dir, const std::string& unified) {
  if (runtime_dir != kSystemRuntimeDir) {
    return fmt::format("/shadowd-{:08x}", StableHash(runtime_dir));
  }
  return Exists(unified + kReplicasUnit) ? kReplicasUnit : "/shadowd";
}

std::vector<int64_t> Members(const std::string& directory) {
  const auto text = ReadSmallFile(directory + "/cgroup.procs");
  return text.ok() ? kpi::ParsePids(*text).value_or(std::vector<int64_t>{}) : std::vector<int64_t>{};
}

}  // namespace

CgroupTree CgroupTree::Find(const std::string& parent, const std::string& runtime_dir) {
  CgroupTree tree;
  tree.mounts_ = kpi::ParseCgroupMounts(ReadSmallFile("/proc/self/mounts", 1 << 20).value_or(""));
  std::string chosen = parent.empty() ? DefaultParent(runtime_dir, tree.mounts_.unified) : parent;
  if (chosen[0] != '/') {
    chosen.insert(chosen.begin(), '/');
  }
  const Status prepared = tree.Prepare(chosen);
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

Status CgroupTree::Prepare(const std::string& parent) {
  if (!mounts_.cpu.empty()) {
    cpu_ = mounts_.cpu + parent;
    memory_ = mounts_.memory.empty() ? "" : mounts_.memory + parent;
    accounting_ = mounts_.unified.empty() ? "" : mounts_.unified + parent;
    if (!accounting_.empty() && !MakeDirectories(accounting_).ok()) {
      accounting_.clear();
    }
    if (!memory_.empty() && !MakeDirectories(memory_).ok()) {
      memory_.clear();
    }
  } else if (!mounts_.unified.empty()) {
    unified_controls_ = true;
    cpu_ = memory_ = mounts_.unified + parent;
  } else {
    return FailedPrecondition("no cgroup file system is mounted");
  }
  SHADOWD_RETURN_IF_ERROR(MakeDirectories(cpu_));
  if (unified_controls_) {
    SHADOWD_RETURN_IF_ERROR(PrepareUnified());
  }
  for (const char* group : {"/instances", kIdleGroup, "/shadows_full", "/shims"}) {
    SHADOWD_RETURN_IF_ERROR(MakeDirectories(cpu_ + group));
    if (unified_controls_ && std::string_view(group) != "/shims") {
      SHADOWD_RETURN_IF_ERROR(WriteControlFile(cpu_ + group + "/cgroup.subtree_control", "+cpu +memory"));
    }
  }
  const Status idle = WriteControlFile(cpu_ + kIdleGroup + "/cpu.idle", "1");
  if (!idle.ok()) {
    const bool v2 = unified_controls_;
    SHADOWD_RETURN_IF_ERROR(
        WriteControlFile(cpu_ + kIdleGroup + (v2 ? "/cpu.weight" : "/cpu.shares"), v2 ? "1" : "2"));
    note_ = fmt::format("no idle groups on this kernel ({}); shadows have the least weight instead",
                        MessageOf(idle));
  }
  return {};
}

// Controllers reach the groups only if every ancestor passes them on, and a group that does may hold no
// process of its own: those found (the unit's place holder) are moved into a leaf.
Status CgroupTree::PrepareUnified() {
  for (size_t at = mounts_.unified.size(); at < cpu_.size();
       at = std::min(cpu_.find('/', at + 1), cpu_.size())) {
    const std::string ancestor = cpu_.substr(0, at);
    // The service manager owns these; a failure shows below, when the parent itself lacks the controller.
    WriteControlFile(ancestor + "/cgroup.subtree_control", "+cpu +memory").IgnoreError();
  }
  const std::vector<int64_t> members = Members(cpu_);
  if (!members.empty()) {
    SHADOWD_RETURN_IF_ERROR(MakeDirectories(cpu_ + "/holder"));
    for (const int64_t pid : members) {
      SHADOWD_RETURN_IF_ERROR(WriteControlFile(cpu_ + "/holder/cgroup.procs", std::to_string(pid)));
    }
  }
  return WriteControlFile(cpu_ + "/cgroup.subtree_control", "+cpu +memory");
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
    const std::string directory = hierarchy + "/" + plan.cgroup;
    const Status made = MakeDirectories(directory);
    if (made.ok()) {
      placement.child_cgroups.push_back(directory);
    } else {
      placement.note = MessageOf(made);
      placement.autogroup_nice |= hierarchy == cpu_ && plan.cpu_idle;
    }
  }
  if (MakeDirectories(cpu_ + "/shims").ok()) {
    placement.shim_cgroups.push_back(cpu_ + "/shims");
  }
  if (!memory_.empty() && plan.memory_max_bytes > 0) {
    const std::string file =
        memory_ + "/" + plan.cgroup + (unified_controls_ ? "/memory.max" : "/memory.limit_in_bytes");
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
    if (!hierarchy.empty() && !cgroup.empty() && Exists(hierarchy + "/" + cgroup)) {
      found.push_back(hierarchy + "/" + cgroup);
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
  for (const std::string& hierarchy : {cpu_, memory_, accounting_}) {
    if (hierarchy.empty() || hierarchy.ends_with(kReplicasUnit)) {
      continue;
    }
    for (const char* group : {"/instances", kIdleGroup, "/shadows_full", "/shims", "/holder", ""}) {
      ::rmdir((hierarchy + group).c_str());
    }
  }
}

}  // namespace shadowd::io
