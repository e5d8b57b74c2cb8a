// A process that the provider runs: a production instance or a shadow. Identity is pid plus start time plus
// boot id, so a recycled pid is never mistaken for ours.
#pragma once

#include <cstdint>
#include <string>

#include "base/time.h"
#include "model/ids.h"

namespace shadowd::model {

enum class Role { kInstance, kShadow };
const char* RoleName(Role role);  // "instance", "shadow" (as {role} in templates)

struct ProcessIdentity {
  int64_t pid = 0;
  uint64_t start_ticks = 0;  // field 22 of /proc/PID/stat
  std::string boot_id;
  bool operator==(const ProcessIdentity&) const = default;
};

// STARTING -> READY -> SERVING -> DRAINING -> STOPPING -> STOPPED, or FAILED from any of them. Shadows skip
// SERVING and DRAINING: they are never in the balancer.
enum class ReplicaState { kStarting, kReady, kServing, kDraining, kStopping, kStopped, kFailed };
const char* ReplicaStateName(ReplicaState state);  // "STARTING" ...

struct Instance {
  ReplicaId id;
  ServiceId service;
  std::string version;
  ReplicaState state = ReplicaState::kStarting;
  ProcessIdentity process;
  std::string address;  // "127.0.0.1:18080", known once started
  WallTime create_time;
  WallTime ready_time;
  std::string error;  // why it FAILED
  bool operator==(const Instance&) const = default;
};

struct Shadow {
  ReplicaId id;
  ServiceId service;
  TrialId trial;
  int arm = 0;
  std::string version;
  ReplicaState state = ReplicaState::kStarting;
  ProcessIdentity process;
  std::string address;
  WallTime create_time;
  WallTime ready_time;
  WallTime end_time;
  WallTime expire_time;  // ttl
  std::string error;
  bool operator==(const Shadow&) const = default;
};

}  // namespace shadowd::model
