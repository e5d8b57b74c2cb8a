#include "daemon/shim/process_group.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <utility>

#include "daemon/io/proc_files.h"
#include "kpi/proc.h"

namespace shadowd::shim {

ProcessGroup::ProcessGroup(pid_t leader, std::vector<std::string> cgroups)
    : leader_(leader), cgroups_(std::move(cgroups)) {}

std::vector<int64_t> ProcessGroup::CgroupMembers() const {
  for (const std::string& cgroup : cgroups_) {
    const auto text = io::ReadSmallFile(cgroup + "/cgroup.procs");
    if (!text.ok()) {
      continue;
    }
    if (auto pids = kpi::ParsePids(*text); pids.ok()) {
      std::erase(*pids, 0);  // not visible from this pid namespace
      return *std::move(pids);
    }
  }
  return {};
}

// A killed process still needs the CPU to go, and in an idle group a busy host gives it none: it is moved to
// where the group's parent lies. Where that is not permitted it has to wait its turn.
void ProcessGroup::LeaveIdleGroups(const std::vector<int64_t>& pids) const {
  for (const std::string& cgroup : cgroups_) {
    const std::filesystem::path above =
        std::filesystem::path(cgroup).parent_path().parent_path() / "cgroup.procs";
    for (const int64_t pid : pids) {
      std::ofstream(above) << pid;
    }
  }
}

void ProcessGroup::Signal(int number) const {
  if (number == SIGKILL) {
    LeaveIdleGroups(CgroupMembers());
  }
  ::kill(-leader_, number);
  for (const int64_t pid : CgroupMembers()) {
    if (::getpgid(static_cast<pid_t>(pid)) != leader_) {
      ::kill(static_cast<pid_t>(pid), number);
    }
  }
}

bool ProcessGroup::End() {
  constexpr int kRounds = 1000;
  constexpr useconds_t kPauseUs = 5000;
  for (int round = 0; round < kRounds; ++round) {
    if (round == 0) {
      LeaveIdleGroups(CgroupMembers());
      ::kill(-leader_, SIGKILL);  // while the leader is not reaped, nobody else can have its number
    }
    const std::vector<int64_t> members = CgroupMembers();
    LeaveIdleGroups(members);
    for (const int64_t pid : members) {
      ::kill(static_cast<pid_t>(pid), SIGKILL);
    }
    for (const int64_t pid : io::DescendantsOf(::getpid())) {
      ::kill(static_cast<pid_t>(pid), SIGKILL);
    }
    pid_t reaped = 0;
    while ((reaped = ::waitpid(-1, nullptr, WNOHANG)) > 0) {
    }
    if (reaped < 0 && errno == ECHILD && members.empty()) {
      for (const std::string& cgroup : cgroups_) {
        ::rmdir(cgroup.c_str());
      }
      return true;
    }
    ::usleep(kPauseUs);
  }
  return false;
}

uint64_t ProcessGroup::Resident() const {
  std::vector<int64_t> pids = CgroupMembers();
  if (cgroups_.empty()) {
    pids = io::DescendantsOf(::getpid());
  }
  uint64_t total = 0;
  for (const int64_t pid : pids) {
    total += io::ResidentBytes(pid);
  }
  return total;
}

}  // namespace shadowd::shim
