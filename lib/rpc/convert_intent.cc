#include "rpc/convert_intent.h"

#include "rpc/convert_basic.h"

namespace shadowd::rpc {

void ToProto(const model::Intent& intent, v1::Intent* out) {
  out->set_key(intent.key.str());
  out->set_service_id(intent.service.str());
  out->set_kind(EnumToProto<v1::Intent::Kind>(intent.kind));
  out->set_replica_id(intent.replica.str());
  out->set_state(EnumToProto<v1::Intent::State>(intent.state));
  SHADOWD_SET_TIME(out, create_time, intent.create_time);
  SHADOWD_SET_TIME(out, end_time, intent.end_time);
  out->set_error(Utf8(intent.error));
}

v1::Intent ToProto(const model::Intent& intent) {
  v1::Intent out;
  ToProto(intent, &out);
  return out;
}

StatusOr<model::Intent> FromProto(const v1::Intent& in) {
  model::Intent intent;
  intent.key = model::IntentKey(in.key());
  intent.service = model::ServiceId(in.service_id());
  SHADOWD_RETURN_IF_ERROR(ReadEnum(in.kind(), "kind", intent.kind));
  intent.replica = model::ReplicaId(in.replica_id());
  SHADOWD_RETURN_IF_ERROR(ReadEnum(in.state(), "state", intent.state));
  SHADOWD_READ_OPTIONAL(in, create_time, intent.create_time);
  SHADOWD_READ_OPTIONAL(in, end_time, intent.end_time);
  intent.error = in.error();
  return intent;
}

void ToProto(const model::AuditEntry& entry, v1::AuditEntry* out) {
  SHADOWD_SET_TIME(out, time, entry.at);
  out->set_actor(Utf8(entry.actor));
  out->set_method(entry.method);
  out->set_resource(Utf8(entry.resource));
  out->set_detail(Utf8(entry.detail));
}

v1::AuditEntry ToProto(const model::AuditEntry& entry) {
  v1::AuditEntry out;
  ToProto(entry, &out);
  return out;
}

StatusOr<model::AuditEntry> FromProto(const v1::AuditEntry& in) {
  model::AuditEntry entry;
  SHADOWD_READ_OPTIONAL(in, time, entry.at);
  entry.actor = in.actor();
  entry.method = in.method();
  entry.resource = in.resource();
  entry.detail = in.detail();
  return entry;
}

}  // namespace shadowd::rpc
