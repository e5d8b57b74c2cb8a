// Provider `process`: starts, watches and stops replicas as processes of this host, each under a
// shadowd-shim. Owned by the app. Runs one thread of its own that owns everything mutable; Start, Stop and
// Recover post to it and return, results arrive through the sink, on that thread. Repeating a call is
// harmless: a replica that lives is reported, not started again; one that is gone counts as stopped. At most
// max_replicas live at a time.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "base/time.h"
#include "daemon/io/usage.h"
#include "model/ids.h"
#include "model/replica.h"
#include "ports/action.h"
#include "ports/event.h"

namespace shadowd::io {

// A replica of the store, as it was before the restart.
struct KnownReplica {
  model::ServiceId service;
  model::ReplicaId id;
  model::Role role = model::Role::kInstance;
  model::ProcessIdentity identity;  // pid 0: the start was never reported
  std::string address;
};

class ProcessProvider {
 public:
  struct Options {
    std::string runtime_dir;
    std::string shim_path;
    std::string cgroup_parent;  // directory under the cgroup mounts; "" = found
    int max_replicas = 256;
  };
  using Sink = std::function<void(ports::Event)>;

  static StatusOr<std::unique_ptr<ProcessProvider>> Create(Options options, Sink sink);
  ~ProcessProvider();
  ProcessProvider(const ProcessProvider&) = delete;
  ProcessProvider& operator=(const ProcessProvider&) = delete;

  // ReplicaStarted, then ReplicaReady; or ReplicaFailed with reason BINARY_NOT_FOUND, PORT_TAKEN,
  // READINESS_DEADLINE, EXITED, START_FAILED or REPLICA_LIMIT.
  void Start(const model::ServiceId& service, const ports::StartReplica& start);
  // ReplicaStopped, once nothing of the replica is left.
  void Stop(const model::ServiceId& service, const ports::StopReplica& stop);
  // Once, before the first Start: ReplicaFound for each of `known` (preceded by ReplicaStarted where the
  // identity was not known, followed by ReplicaReady where it is ready). Shadows found that are not in
  // `known` are ended; instances are never ended unasked: an unknown one is kept and reported as found.
  void Recover(const std::vector<KnownReplica>& known);
  // Of every live replica. Any thread.
  std::vector<Usage> Sample();
  // Ends shadows (if asked, within the limit), leaves instances running, joins the thread. No event after it.
  void Shutdown(bool end_shadows, Micros limit);

  // What could not be isolated as asked on this host, for the log; "" = everything.
  const std::string& isolation_note() const;

 private:
  class Impl;
  explicit ProcessProvider(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace shadowd::io
