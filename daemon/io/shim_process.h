// Starting a shim and finding one that already runs. The lock of a replica is held by its shim as long as
// that lives (it inherits the descriptor), so between two daemons nobody starts the same replica twice, not
// even when the first died before the shim had written its record. Stateless, any thread.
#pragma once

#include <sys/types.h>

#include <string>

#include "base/status.h"
#include "daemon/io/unique_fd.h"
#include "model/ids.h"
#include "provider/shim_command.h"

namespace shadowd::io {

// <directory>/<id><suffix>; suffixes are ".lock", ".json", ".sock" and ".out".
std::string ReplicaPath(const std::string& directory, const model::ReplicaId& id, const char* suffix);
void RemoveReplicaFiles(const std::string& directory, const model::ReplicaId& id);

// ABORTED when a shim holds it.
StatusOr<UniqueFd> LockReplica(const std::string& directory, const model::ReplicaId& id);

struct SpawnedShim {
  pid_t pid = 0;
  UniqueFd control;  // a packet socket, non-blocking
};
// The shim gets the plan's environment, the lock, and nothing else of the caller's.
StatusOr<SpawnedShim> SpawnShim(const std::string& shim_path, const provider::ShimCommand& command,
                                UniqueFd lock);

// To the socket of a running shim. NOT_FOUND or UNAVAILABLE when there is none.
StatusOr<UniqueFd> ConnectShim(const std::string& path);

}  // namespace shadowd::io
