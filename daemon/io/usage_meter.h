// Adds up what one replica consumes. CPU time comes from its control group where there is one (exact, and
// with what ended processes used), else from its threads' schedstat; run delay from the threads of all its
// processes, kept across threads that end; memory is what is resident. Not thread-safe: its owner locks.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "daemon/io/usage.h"
#include "kpi/proc.h"
#include "model/ids.h"

namespace shadowd::io {

class UsageMeter {
 public:
  // `cgroups`: the directories of its group; may be empty.
  UsageMeter(model::ReplicaId id, int64_t leader, std::vector<std::string> cgroups);

  const model::ReplicaId& id() const { return id_; }
  Usage Read();

 private:
  std::vector<int64_t> Processes() const;
  void AddThreads(int64_t pid, std::map<int64_t, kpi::SchedStat>& seen);

  model::ReplicaId id_;
  int64_t leader_;
  std::vector<std::string> cgroups_;
  std::map<int64_t, kpi::SchedStat> threads_;  // last reading by thread id
  uint64_t run_ns_ = 0;
  uint64_t delay_ns_ = 0;
};

}  // namespace shadowd::io
