// A durable intent: written before an external effect, closed after it. What is PENDING after a crash is
// looked at again.
#pragma once

#include <string>

#include "base/time.h"
#include "model/ids.h"

namespace shadowd::model {

enum class IntentKind { kStartReplica, kStopReplica, kAddServer, kDrainServer, kRemoveServer };
enum class IntentState { kPending, kDone, kFailed };
const char* IntentKindName(IntentKind kind);     // "START_REPLICA" ...
const char* IntentStateName(IntentState state);  // "PENDING" ...

struct Intent {
  IntentKey key;
  ServiceId service;
  IntentKind kind = IntentKind::kStartReplica;
  ReplicaId replica;
  IntentState state = IntentState::kPending;
  WallTime create_time;
  WallTime end_time;
  std::string error;
  bool operator==(const Intent&) const = default;
};

// Who changed what, over which way in.
struct AuditEntry {
  WallTime at;
  std::string actor;     // "uid=0 gid=0 pid=42", "core", "signal"
  std::string method;    // "ApplyService"
  std::string resource;  // id of the service, or "daemon"
  std::string detail;
  bool operator==(const AuditEntry&) const = default;
};

// An entry as it is kept. The sequence rises with each one, so a listing goes on exactly where it ended;
// times may be equal, or go back with the clock.
struct AuditRow {
  int64_t sequence = 0;
  AuditEntry entry;
};

}  // namespace shadowd::model
