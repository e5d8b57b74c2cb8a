// What process_provider.cc keeps on its thread: every replica that lives, and how starts, stops and ends
// become events. Private to daemon/io. Asio stays out of this header.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "daemon/io/cgroup.h"
#include "daemon/io/port_chooser.h"
#include "daemon/io/probe.h"
#include "daemon/io/process_provider.h"
#include "daemon/io/replica_watch.h"
#include "daemon/io/usage_meter.h"

namespace shadowd::io {

class ReplicaTable {
 public:
  ReplicaTable(boost::asio::io_context& context, ProcessProvider::Options options,
               ProcessProvider::Sink sink);
  ReplicaTable(const ReplicaTable&) = delete;
  ReplicaTable& operator=(const ReplicaTable&) = delete;

  void Start(const model::ServiceId& service, const ports::StartReplica& start);
  void Stop(const model::ServiceId& service, const ports::StopReplica& stop);
  void Recover(const std::vector<KnownReplica>& known);
  // Orders the end of every shadow; `none_left` is called when there is none (at once, maybe).
  void EndShadows(std::function<void()> none_left);
  void RemoveEmptyGroups();
  // Any thread.
  std::vector<Usage> Sample();

  const std::string& isolation_note() const { return cgroups_.note(); }

 private:
  struct Entry {
    model::ServiceId service;
    model::IntentKey start_key;
    std::unique_ptr<ReplicaWatch> watch;
    std::unique_ptr<Probe> probe;
    std::set<model::IntentKey> stop_keys;  // who asked for the stop; empty key = shutdown or a stray
    bool stopping = false;
    bool started = false;
    bool ready = false;
    bool silent = false;  // a stray: nobody is told
    Status failure;       // why it is being stopped by us: never ready
  };

  StatusOr<provider::ProcessPlan> Plan(const provider::ReplicaOrder& order);
  Status Launch(const model::ServiceId& service, const ports::StartReplica& start);
  // A shim runs for it already, or its process outlived the shim. false when there is nothing to adopt.
  bool Adopt(const model::ServiceId& service, const model::ReplicaId& id);
  void AdoptRecord(const model::ServiceId& service, const provider::ReplicaRecord& record);
  StatusOr<provider::ReplicaRecord> ReadRecord(const model::ReplicaId& id) const;
  void RecoverKnown(const KnownReplica& known);
  void RecoverOthers(const std::set<model::ReplicaId>& known);

  Entry& Insert(const model::ServiceId& service, const provider::ReplicaRecord& record,
                ReplicaWatch::Handles handles);
  void OnAlive(const model::ReplicaId& id);
  void OnReady(const model::ReplicaId& id, const Status& result);
  void OnEnded(const model::ReplicaId& id, const provider::ReplicaEnd& end);
  void BeginProbe(const model::ReplicaId& id, Entry& entry);
  void TellStarted(const model::ReplicaId& id, const Entry& entry);
  void Tell(const model::ServiceId& service, ports::Payload payload) const;
  void AddMeter(const provider::ReplicaRecord& record);
  std::set<int> UsedPorts() const;

  boost::asio::io_context& context_;
  const ProcessProvider::Options options_;
  const ProcessProvider::Sink sink_;
  const std::string directory_;
  CgroupTree cgroups_;
  PortChooser ports_;
  std::map<model::ReplicaId, Entry> entries_;
  std::function<void()> none_left_;

  std::mutex meters_mutex_;  // Sample is called by the meter's thread
  std::map<model::ReplicaId, UsageMeter> meters_;
};

}  // namespace shadowd::io
