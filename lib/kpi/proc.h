// Decoders of the kernel's text files about processes, control groups and pressure (proc(5), and the kernel's
// admin guide on cgroup v1, v2 and PSI). Pure functions of the bytes read, any thread. Text that does not
// have the documented form is DATA_LOSS naming the file and the field; unknown keys and further fields are
// skipped, since newer kernels add some.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace shadowd::kpi {

// /proc/PID/stat. The command may contain spaces and parentheses; the last ')' ends it.
struct ProcStat {
  int64_t pid = 0;
  std::string command;
  char state = '?';
  int64_t parent = 0;
  int64_t group = 0;
  int64_t session = 0;
  uint64_t user_ticks = 0;
  uint64_t system_ticks = 0;
  uint64_t start_ticks = 0;  // field 22, since boot
  bool operator==(const ProcStat&) const = default;
};
StatusOr<ProcStat> ParseProcStat(std::string_view text);

// /proc/PID/task/TID/schedstat of one thread.
struct SchedStat {
  uint64_t run_ns = 0;    // on a CPU
  uint64_t delay_ns = 0;  // runnable, waiting for one
  bool operator==(const SchedStat&) const = default;
};
StatusOr<SchedStat> ParseSchedStat(std::string_view text);

// /proc/PID/statm: resident pages.
StatusOr<uint64_t> ParseResidentPages(std::string_view text);

// /proc/meminfo: MemAvailable in bytes.
StatusOr<uint64_t> ParseMemAvailable(std::string_view text);

// cpu.stat of either cgroup version; what a version lacks is 0.
struct CgroupCpu {
  uint64_t usage_us = 0;
  uint64_t periods = 0;
  uint64_t throttled_periods = 0;
  bool operator==(const CgroupCpu&) const = default;
};
StatusOr<CgroupCpu> ParseCgroupCpu(std::string_view text);

// One number of a flat keyed file ("oom_kill 3"); nullopt when the key is absent or its value no number.
std::optional<uint64_t> FindFlatKey(std::string_view text, std::string_view key);

// cgroup.procs: one pid a line. At most kMaxPids are taken.
inline constexpr size_t kMaxPids = 4096;
StatusOr<std::vector<int64_t>> ParsePids(std::string_view text);

// A PSI file. `full` is all zero where the kernel does not print it.
struct Pressure {
  double some_avg10 = 0;
  double full_avg10 = 0;
  uint64_t some_total_us = 0;
  bool operator==(const Pressure&) const = default;
};
StatusOr<Pressure> ParsePressure(std::string_view text);

// Where control groups are mounted, from /proc/self/mounts. Empty = not mounted.
struct CgroupMounts {
  std::string unified;  // cgroup v2
  std::string cpu;      // v1 controllers
  std::string memory;
  bool operator==(const CgroupMounts&) const = default;
};
CgroupMounts ParseCgroupMounts(std::string_view mounts);

}  // namespace shadowd::kpi
