#include "daemon/io/replica_table.h"

#include <dirent.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <chrono>
#include <thread>
#include <utility>

#include "daemon/io/proc_files.h"
#include "daemon/io/shim_process.h"

namespace shadowd::io {
namespace {

constexpr Micros kNeverReadyGrace = std::chrono::seconds(1);
constexpr Micros kShutdownGrace = std::chrono::milliseconds(300);
constexpr const char* kRecordSuffix = ".json";

provider::ReplicaOrder ToOrder(const model::ServiceId& service, const ports::StartReplica& start) {
  return {.key = start.key,
          .service = service,
          .replica = start.replica,
          .role = start.role,
          .version = start.version,
          .instance = start.instance,
          .shadow_class = start.shadow_class,
          .lease = start.lease,
          .ttl = start.ttl};
}

}  // namespace

ReplicaTable::ReplicaTable(boost::asio::io_context& context, ProcessProvider::Options options,
                           ProcessProvider::Sink sink)
    : context_(context),
      options_(std::move(options)),
      sink_(std::move(sink)),
      directory_(options_.runtime_dir + "/replicas"),
      cgroups_(CgroupTree::Find(options_.cgroup_parent, options_.runtime_dir)) {}

void ReplicaTable::Tell(const model::ServiceId& service, ports::Payload payload) const {
  sink_(ports::Event{service, std::move(payload), 0, "provider"});
}

void ReplicaTable::TellStarted(const model::ReplicaId& id, const Entry& entry) {
  const provider::ReplicaRecord& record = entry.watch->record();
  Tell(entry.service, ports::ReplicaStarted{entry.start_key, id, record.process, record.address});
}

// ---- Start ----

void ReplicaTable::Start(const model::ServiceId& service, const ports::StartReplica& start) {
  const auto refuse = [&](Status why) {
    Tell(service, ports::ReplicaFailed{start.key, start.replica, std::move(why)});
  };
  if (entries_.count(start.replica) == 0) {
    Adopt(service, start.replica);
  }
  if (const auto found = entries_.find(start.replica); found != entries_.end()) {
    Entry& entry = found->second;
    if (entry.stopping) {
      refuse(WithReason(FailedPrecondition("replica {} is being stopped", start.replica), "STOPPING"));
      return;
    }
    entry.start_key = start.key;
    if (entry.started) {
      TellStarted(start.replica, entry);
    }
    if (entry.ready) {
      Tell(service, ports::ReplicaReady{start.replica});
    }
    return;
  }
  if (static_cast<int>(entries_.size()) >= options_.max_replicas) {
    refuse(WithReason(ResourceExhausted("{} replicas run on this host already", options_.max_replicas),
                      "REPLICA_LIMIT"));
    return;
  }
  if (Status launched = Launch(service, start); !launched.ok()) {
    refuse(std::move(launched));
  }
}

StatusOr<provider::ProcessPlan> ReplicaTable::Plan(const provider::ReplicaOrder& order) {
  // The template is judged before a port is looked for, so that its faults are told whatever the ports are.
  SHADOWD_RETURN_IF_ERROR(provider::PlanProcess(order, 0).status());
  SHADOWD_ASSIGN_OR_RETURN(const int port, ports_.Choose(order.instance, UsedPorts()));
  SHADOWD_ASSIGN_OR_RETURN(provider::ProcessPlan plan, provider::PlanProcess(order, port));
  if (plan.working_dir.empty()) {
    plan.working_dir = options_.runtime_dir;
  }
  return plan;
}

Status ReplicaTable::Launch(const model::ServiceId& service, const ports::StartReplica& start) {
  SHADOWD_ASSIGN_OR_RETURN(provider::ProcessPlan plan, Plan(ToOrder(service, start)));
  SHADOWD_ASSIGN_OR_RETURN(UniqueFd lock, LockReplica(directory_, start.replica));
  const CgroupTree::Placement placement = cgroups_.Make(plan);
  provider::ShimCommand command;
  command.directory = directory_;
  command.child_cgroups = placement.child_cgroups;
  command.shim_cgroups = placement.shim_cgroups;
  command.poll_memory = plan.memory_max_bytes > 0 && !placement.memory_held;
  command.autogroup_nice = placement.autogroup_nice;
  command.note = placement.note;
  command.plan = std::move(plan);
  StatusOr<SpawnedShim> shim = SpawnShim(options_.shim_path, command, std::move(lock));
  if (!shim.ok()) {
    cgroups_.End(command.plan.cgroup);
    RemoveReplicaFiles(directory_, start.replica);
    return shim.status();
  }
  Entry& entry = Insert(service, command.plan.record, {std::move(shim->control), shim->pid});
  entry.start_key = start.key;
  return {};
}

ReplicaTable::Entry& ReplicaTable::Insert(const model::ServiceId& service,
                                          const provider::ReplicaRecord& record,
                                          ReplicaWatch::Handles handles) {
  const model::ReplicaId id = record.id;
  Entry& entry = entries_[id];
  entry.service = service;
  entry.watch = std::make_unique<ReplicaWatch>(
      context_, cgroups_, directory_, record, std::move(handles),
      ReplicaWatch::Listener{[this, id](const provider::ShimReport&) { OnAlive(id); },
                             [this, id](const provider::ReplicaEnd& end) { OnEnded(id, end); }});
  return entry;
}

void ReplicaTable::OnAlive(const model::ReplicaId& id) {
  Entry& entry = entries_.at(id);
  entry.started = true;
  AddMeter(entry.watch->record());
  if (!entry.silent) {
    TellStarted(id, entry);
  }
  if (!entry.stopping) {
    BeginProbe(id, entry);
  }
}

void ReplicaTable::BeginProbe(const model::ReplicaId& id, Entry& entry) {
  const provider::ReplicaRecord& record = entry.watch->record();
  entry.probe = std::make_unique<Probe>(context_, record.address, record.readiness,
                                        [this, id](const Status& result) { OnReady(id, result); });
}

void ReplicaTable::OnReady(const model::ReplicaId& id, const Status& result) {
  const auto found = entries_.find(id);
  if (found == entries_.end() || found->second.stopping) {
    return;
  }
  Entry& entry = found->second;
  if (result.ok()) {
    entry.ready = true;
    entry.watch->MarkReady();
    Tell(entry.service, ports::ReplicaReady{id});
    return;
  }
  entry.failure = result;
  entry.stopping = true;
  entry.watch->Stop(std::min(entry.watch->record().stop_grace, kNeverReadyGrace));
}

// ---- The end ----

void ReplicaTable::Stop(const model::ServiceId& service, const ports::StopReplica& stop) {
  auto found = entries_.find(stop.replica);
  if (found == entries_.end() && Adopt(service, stop.replica)) {
    found = entries_.find(stop.replica);
  }
  if (found == entries_.end()) {
    Tell(service, ports::ReplicaStopped{stop.key, stop.replica});
    return;
  }
  Entry& entry = found->second;
  entry.stopping = true;
  entry.silent = false;
  entry.stop_keys.insert(stop.key);
  entry.probe.reset();
  entry.watch->Stop(stop.grace);
}

void ReplicaTable::OnEnded(const model::ReplicaId& id, const provider::ReplicaEnd& end) {
  const auto found = entries_.find(id);
  if (found == entries_.end()) {
    return;
  }
  const Entry entry = std::move(found->second);
  entries_.erase(found);
  {
    const std::lock_guard lock(meters_mutex_);
    meters_.erase(id);
  }
  if (!entry.stop_keys.empty()) {
    for (const model::IntentKey& key : entry.stop_keys) {
      Tell(entry.service, ports::ReplicaStopped{key, id});
    }
  } else if (!entry.silent) {
    const model::IntentKey key = entry.ready ? model::IntentKey() : entry.start_key;
    Tell(entry.service, ports::ReplicaFailed{key, id, entry.failure.ok() ? DescribeEnd(end) : entry.failure});
  }
  const bool shadows_left = std::any_of(entries_.begin(), entries_.end(), [](const auto& other) {
    return other.second.watch->record().role == model::Role::kShadow;
  });
  if (none_left_ && !shadows_left) {
    std::exchange(none_left_, nullptr)();
  }
}

void ReplicaTable::EndShadows(std::function<void()> none_left) {
  bool any = false;
  for (auto& [id, entry] : entries_) {
    if (entry.watch->record().role == model::Role::kShadow) {
      any = true;
      entry.stopping = true;
      entry.probe.reset();
      if (entry.stop_keys.empty() && !entry.silent) {
        entry.stop_keys.insert(model::IntentKey());
      }
      entry.watch->Stop(kShutdownGrace);
    }
  }
  if (any) {
    none_left_ = std::move(none_left);
  } else {
    none_left();
  }
}

void ReplicaTable::RemoveEmptyGroups() {
  cgroups_.RemoveEmpty();
}

// ---- After a restart ----

StatusOr<provider::ReplicaRecord> ReplicaTable::ReadRecord(const model::ReplicaId& id) const {
  SHADOWD_ASSIGN_OR_RETURN(const std::string text, ReadSmallFile(ReplicaPath(directory_, id, kRecordSuffix)));
  SHADOWD_ASSIGN_OR_RETURN(provider::ReplicaRecord record, provider::DecodeRecord(text));
  if (record.id != id) {
    return DataLoss("record of {} names {}", id, record.id);
  }
  return record;
}

bool ReplicaTable::Adopt(const model::ServiceId& service, const model::ReplicaId& id) {
  constexpr int kAttempts = 40;
  constexpr auto kPause = std::chrono::milliseconds(25);
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const auto record = ReadRecord(id);
    if (record.ok() && IsAlive(record->process)) {
      AdoptRecord(service, *record);
      return true;
    }
    // A held lock without a live record: a shim that is just starting, or just ending. It takes milliseconds.
    const auto lock = LockReplica(directory_, id);
    if (lock.ok()) {
      if (record.ok()) {
        cgroups_.End(record->cgroup);
      }
      RemoveReplicaFiles(directory_, id);
      return false;
    }
    std::this_thread::sleep_for(kPause);
  }
  return false;
}

void ReplicaTable::AdoptRecord(const model::ServiceId& service, const provider::ReplicaRecord& record) {
  ReplicaWatch::Handles handles;
  if (auto link = ConnectShim(ReplicaPath(directory_, record.id, ".sock")); link.ok()) {
    handles.link = *std::move(link);
  }
  Entry& entry = Insert(service, record, std::move(handles));
  entry.start_key = record.key;
  entry.started = true;
  entry.ready = record.ready;
  AddMeter(record);
  if (!entry.ready) {
    BeginProbe(record.id, entry);
  }
}

void ReplicaTable::Recover(const std::vector<KnownReplica>& known) {
  std::set<model::ReplicaId> ids;
  for (const KnownReplica& replica : known) {
    ids.insert(replica.id);
    RecoverKnown(replica);
  }
  RecoverOthers(ids);
}

void ReplicaTable::RecoverKnown(const KnownReplica& known) {
  const bool reported = known.identity.pid != 0;
  bool alive = entries_.count(known.id) != 0 || Adopt(known.service, known.id);
  if (alive && reported && entries_.at(known.id).watch->record().process != known.identity) {
    // The file speaks of another start than the store: that one is nobody's.
    Entry& other = entries_.at(known.id);
    other.silent = other.stopping = true;
    other.watch->Stop(kShutdownGrace);
    alive = false;
  } else if (!alive && reported && known.role == model::Role::kInstance && IsAlive(known.identity)) {
    // The runtime directory was emptied; the process is still what the store says.
    provider::ReplicaRecord record;
    record.service = known.service;
    record.id = known.id;
    record.role = known.role;
    record.process = known.identity;
    record.address = known.address;
    record.ready = true;
    AdoptRecord(known.service, record);
    alive = true;
  }
  if (alive && !reported) {
    TellStarted(known.id, entries_.at(known.id));
  }
  Tell(known.service, ports::ReplicaFound{known.id, alive});
  if (alive && entries_.at(known.id).ready) {
    Tell(known.service, ports::ReplicaReady{known.id});
  }
}

void ReplicaTable::RecoverOthers(const std::set<model::ReplicaId>& known) {
  std::vector<model::ReplicaId> strays;
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(::opendir(directory_.c_str()), &::closedir);
  while (const dirent* file = directory ? ::readdir(directory.get()) : nullptr) {
    const std::string_view name = file->d_name;
    for (const std::string_view suffix : {std::string_view(kRecordSuffix), std::string_view(".lock")}) {
      if (name.ends_with(suffix) && name.size() > suffix.size()) {
        strays.emplace_back(std::string(name.substr(0, name.size() - suffix.size())));
      }
    }
  }
  for (const model::ReplicaId& id : strays) {
    const auto record = ReadRecord(id);
    const model::ServiceId service = record.ok() ? record->service : model::ServiceId();
    if (known.count(id) != 0 || entries_.count(id) != 0 || !Adopt(service, id)) {
      continue;
    }
    Entry& entry = entries_.at(id);
    entry.service = entry.watch->record().service;
    if (entry.watch->record().role == model::Role::kShadow) {
      entry.silent = entry.stopping = true;
      entry.probe.reset();
      entry.watch->Stop(kShutdownGrace);
    } else {
      Tell(entry.service, ports::ReplicaFound{id, true});
    }
  }
}

// ---- Usage ----

void ReplicaTable::AddMeter(const provider::ReplicaRecord& record) {
  const std::lock_guard lock(meters_mutex_);
  meters_.try_emplace(record.id, record.id, record.process.pid, cgroups_.Directories(record.cgroup));
}

std::vector<Usage> ReplicaTable::Sample() {
  const std::lock_guard lock(meters_mutex_);
  std::vector<Usage> usages;
  for (auto& [id, meter] : meters_) {
    usages.push_back(meter.Read());
  }
  return usages;
}

std::set<int> ReplicaTable::UsedPorts() const {
  std::set<int> used;
  for (const auto& [id, entry] : entries_) {
    used.insert(entry.watch->record().port);
  }
  return used;
}

}  // namespace shadowd::io
