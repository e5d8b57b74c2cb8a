#include "provider/replica_record.h"

#include <limits>

#include "provider/record_json.h"

namespace shadowd::provider {
namespace {

using nlohmann::json;

json IdentityToJson(const model::ProcessIdentity& identity) {
  return {{"pid", identity.pid}, {"start_ticks", identity.start_ticks}, {"boot_id", identity.boot_id}};
}

model::ProcessIdentity IdentityFromJson(const json& object, const char* name, Status& status) {
  model::ProcessIdentity identity;
  const auto member = object.find(name);
  if (member == object.end() || !member->is_object()) {
    status.Update(InvalidArgument("record: '{}' is no object", name));
    return identity;
  }
  int64_t ticks = 0;
  ReadMember(*member, "pid", identity.pid, status);
  ReadMember(*member, "start_ticks", ticks, status);
  ReadMember(*member, "boot_id", identity.boot_id, status);
  identity.start_ticks = static_cast<uint64_t>(ticks);
  if (status.ok() && (identity.pid < 0 || identity.pid > std::numeric_limits<int32_t>::max() || ticks < 0)) {
    status = InvalidArgument("record: '{}' is out of range", name);
  }
  return identity;
}

Micros ReadMicros(const json& object, const char* name, Status& status) {
  int64_t us = 0;
  ReadMember(object, name, us, status);
  if (status.ok() && us < 0) {
    status = InvalidArgument("record: '{}' is negative", name);
  }
  return Micros(us);
}

template <typename Id>
Id ReadId(const json& object, const char* name, Status& status) {
  std::string text;
  ReadMember(object, name, text, status);
  return Id(std::move(text));
}

// What is in the group gets killed with the replica, so a damaged record must not name another one.
bool IsGroupOf(const std::string& cgroup, const model::ReplicaId& id) {
  const size_t slash = cgroup.find('/');
  return cgroup.empty() || (slash != std::string::npos && slash > 0 && cgroup[0] != '.' && !id.empty() &&
                            cgroup.substr(slash + 1) == id.str());
}

template <typename Value>
void ReadTyped(const json& object, const char* name, bool fits, Value& value, Status& status) {
  if (!status.ok()) {
    return;
  }
  if (!fits) {
    status = InvalidArgument("record: '{}' is missing or of the wrong type", name);
    return;
  }
  value = object.find(name)->get<Value>();
}

}  // namespace

void ReadMember(const json& object, const char* name, std::string& value, Status& status) {
  const auto member = object.find(name);
  ReadTyped(object, name, member != object.end() && member->is_string(), value, status);
}
void ReadMember(const json& object, const char* name, int64_t& value, Status& status) {
  const auto member = object.find(name);
  const bool fits = member != object.end() && member->is_number_integer() &&
                    (!member->is_number_unsigned() ||
                     member->get<uint64_t>() <= static_cast<uint64_t>(std::numeric_limits<int64_t>::max()));
  ReadTyped(object, name, fits, value, status);
}
void ReadMember(const json& object, const char* name, bool& value, Status& status) {
  const auto member = object.find(name);
  ReadTyped(object, name, member != object.end() && member->is_boolean(), value, status);
}

StatusOr<json> ParseObject(std::string_view text, std::string_view what) {
  json value = json::parse(text, nullptr, false);
  if (!value.is_object()) {
    return InvalidArgument("{}: no JSON object", what);
  }
  return value;
}

json RecordToJson(const ReplicaRecord& record) {
  return {{"key", record.key.str()},
          {"service", record.service.str()},
          {"id", record.id.str()},
          {"role", model::RoleName(record.role)},
          {"version", record.version},
          {"process", IdentityToJson(record.process)},
          {"shim", IdentityToJson(record.shim)},
          {"port", record.port},
          {"address", record.address},
          {"started_wall_us", record.started_wall_us},
          {"ready", record.ready},
          {"http_path", record.readiness.http_path},
          {"ready_deadline_us", record.readiness.deadline.count()},
          {"ready_interval_us", record.readiness.interval.count()},
          {"stop_grace_us", record.stop_grace.count()},
          {"lease_us", record.lease.count()},
          {"cgroup", record.cgroup}};
}

StatusOr<ReplicaRecord> RecordFromJson(const json& value) {
  Status status;
  ReplicaRecord record;
  record.key = ReadId<model::IntentKey>(value, "key", status);
  record.service = ReadId<model::ServiceId>(value, "service", status);
  record.id = ReadId<model::ReplicaId>(value, "id", status);
  std::string role;
  ReadMember(value, "role", role, status);
  record.role = role == model::RoleName(model::Role::kShadow) ? model::Role::kShadow : model::Role::kInstance;
  if (status.ok() && role != model::RoleName(record.role)) {
    status = InvalidArgument("record: 'role' is '{}'", role);
  }
  ReadMember(value, "version", record.version, status);
  record.process = IdentityFromJson(value, "process", status);
  record.shim = IdentityFromJson(value, "shim", status);
  int64_t port = 0;
  ReadMember(value, "port", port, status);
  if (status.ok() && (port < 0 || port > 65535)) {
    status = InvalidArgument("record: 'port' is {}", port);
  }
  record.port = static_cast<int>(port);
  ReadMember(value, "address", record.address, status);
  ReadMember(value, "started_wall_us", record.started_wall_us, status);
  ReadMember(value, "ready", record.ready, status);
  ReadMember(value, "http_path", record.readiness.http_path, status);
  record.readiness.deadline = ReadMicros(value, "ready_deadline_us", status);
  record.readiness.interval = ReadMicros(value, "ready_interval_us", status);
  record.stop_grace = ReadMicros(value, "stop_grace_us", status);
  record.lease = ReadMicros(value, "lease_us", status);
  ReadMember(value, "cgroup", record.cgroup, status);
  if (status.ok() && !IsGroupOf(record.cgroup, record.id)) {
    status = InvalidArgument("record: 'cgroup' is no group of {}", record.id);
  }
  SHADOWD_RETURN_IF_ERROR(status);
  return record;
}

std::string EncodeRecord(const ReplicaRecord& record) {
  return RecordToJson(record).dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
}

StatusOr<ReplicaRecord> DecodeRecord(std::string_view text) {
  SHADOWD_ASSIGN_OR_RETURN(const json value, ParseObject(text, "record"));
  return RecordFromJson(value);
}

}  // namespace shadowd::provider
