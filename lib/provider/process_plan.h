// How one replica of provider `process` is to be run: argv and environment with the template's placeholders
// filled in, its place among the control groups, its limits. Pure function of the order and of the port that
// the executor chose.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "base/time.h"
#include "provider/replica_order.h"
#include "provider/replica_record.h"

namespace shadowd::provider {

struct ProcessPlan {
  ReplicaRecord record;  // identities are still empty
  std::vector<std::string> argv;
  std::map<std::string, std::string> environment;  // whole: nothing is inherited but PATH
  std::string working_dir;                         // "" = the runtime directory
  // "instances/<id>", "shadows/<id>" under an idle group, or "shadows_full/<id>" for a class without
  // cpu_idle.
  std::string cgroup;
  bool cpu_idle = false;
  std::vector<int> cpu_set;       // empty = any
  uint64_t memory_max_bytes = 0;  // 0 = none
  uint64_t output_bytes_max = 0;
  Micros ttl{0};               // 0 = none
  bool die_with_shim = false;  // a shadow does, an instance outlives its shim
  bool operator==(const ProcessPlan&) const = default;
};

// An unknown placeholder, an empty argv, an id or address that cannot be used: INVALID_ARGUMENT naming the
// field ("instance.environment.MODE", "shadow_class.extra_argv[0]").
StatusOr<ProcessPlan> PlanProcess(const ReplicaOrder& order, int port);

// The PATH of children, unless the template sets one.
inline constexpr const char* kDefaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

}  // namespace shadowd::provider
