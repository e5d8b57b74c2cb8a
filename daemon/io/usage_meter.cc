#include "daemon/io/usage_meter.h"

#include <dirent.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <utility>

#include "daemon/io/proc_files.h"

namespace shadowd::io {

UsageMeter::UsageMeter(model::ReplicaId id, int64_t leader, std::vector<std::string> cgroups)
    : id_(std::move(id)), leader_(leader), cgroups_(std::move(cgroups)) {}

std::vector<int64_t> UsageMeter::Processes() const {
  for (const std::string& cgroup : cgroups_) {
    const auto text = ReadSmallFile(cgroup + "/cgroup.procs");
    auto pids = text.ok() ? kpi::ParsePids(*text) : StatusOr<std::vector<int64_t>>(text.status());
    if (pids.ok() && !pids->empty()) {
      return *std::move(pids);
    }
  }
  return {leader_};
}

void UsageMeter::AddThreads(int64_t pid, std::map<int64_t, kpi::SchedStat>& seen) {
  const std::string tasks = fmt::format("/proc/{}/task", pid);
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(::opendir(tasks.c_str()), &::closedir);
  while (const dirent* entry = directory ? ::readdir(directory.get()) : nullptr) {
    const int64_t thread = std::atoll(entry->d_name);
    if (thread <= 0) {
      continue;
    }
    const auto text = ReadSmallFile(fmt::format("{}/{}/schedstat", tasks, thread));
    const auto now = text.ok() ? kpi::ParseSchedStat(*text) : StatusOr<kpi::SchedStat>(text.status());
    if (!now.ok()) {
      continue;
    }
    kpi::SchedStat before;
    if (const auto last = threads_.find(thread);
        last != threads_.end() && last->second.run_ns <= now->run_ns) {
      before = last->second;
    }
    run_ns_ += now->run_ns - before.run_ns;
    delay_ns_ += now->delay_ns - std::min(before.delay_ns, now->delay_ns);
    seen[thread] = *now;
  }
}

Usage UsageMeter::Read() {
  constexpr double kNano = 1e-9;
  Usage usage;
  usage.id = id_;
  std::map<int64_t, kpi::SchedStat> seen;
  uint64_t resident = 0;
  for (const int64_t pid : Processes()) {
    AddThreads(pid, seen);
    resident += ResidentBytes(pid);
  }
  threads_ = std::move(seen);
  usage.run_delay_seconds = static_cast<double>(delay_ns_) * kNano;
  usage.memory_bytes = resident > 0 ? static_cast<double>(resident) : -1;
  usage.cpu_seconds = threads_.empty() && run_ns_ == 0 ? -1 : static_cast<double>(run_ns_) * kNano;
  for (const std::string& cgroup : cgroups_) {
    const auto text = ReadSmallFile(cgroup + "/cpu.stat");
    const auto cpu = text.ok() ? kpi::ParseCgroupCpu(*text) : StatusOr<kpi::CgroupCpu>(text.status());
    if (!cpu.ok()) {
      continue;
    }
    usage.throttled_periods = std::max(usage.throttled_periods, cpu->throttled_periods);
    if (cpu->usage_us > 0) {
      usage.cpu_seconds = static_cast<double>(cpu->usage_us) * 1e-6;
    }
  }
  return usage;
}

}  // namespace shadowd::io
