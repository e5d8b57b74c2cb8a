#include "rpc/convert_replica.h"

#include "rpc/convert_basic.h"
#include "rpc/resource_name.h"

namespace shadowd::rpc {
namespace {

void ProcessToProto(const model::ProcessIdentity& process, v1::ProcessIdentity* out) {
  out->set_pid(process.pid);
  out->set_start_ticks(process.start_ticks);
  out->set_boot_id(Utf8(process.boot_id));
}

model::ProcessIdentity ProcessFromProto(const v1::ProcessIdentity& in) {
  return {in.pid(), in.start_ticks(), in.boot_id()};
}

}  // namespace

void ToProto(const model::Instance& instance, v1::Instance* out) {
  out->set_name(InstanceName(instance.service, instance.id));
  out->set_version(Utf8(instance.version));
  out->set_state(EnumToProto<v1::Replica::State>(instance.state));
  ProcessToProto(instance.process, out->mutable_process());
  out->set_address(Utf8(instance.address));
  SHADOWD_SET_TIME(out, create_time, instance.create_time);
  SHADOWD_SET_TIME(out, ready_time, instance.ready_time);
  out->set_error(Utf8(instance.error));
}

v1::Instance ToProto(const model::Instance& instance) {
  v1::Instance out;
  ToProto(instance, &out);
  return out;
}

StatusOr<model::Instance> FromProto(const v1::Instance& in) {
  SHADOWD_ASSIGN_OR_RETURN(InstanceRef ref, ParseInstanceName(in.name()));
  model::Instance instance;
  instance.id = std::move(ref.instance);
  instance.service = std::move(ref.service);
  instance.version = in.version();
  SHADOWD_RETURN_IF_ERROR(ReadEnum(in.state(), "state", instance.state));
  instance.process = ProcessFromProto(in.process());
  instance.address = in.address();
  SHADOWD_READ_OPTIONAL(in, create_time, instance.create_time);
  SHADOWD_READ_OPTIONAL(in, ready_time, instance.ready_time);
  instance.error = in.error();
  return instance;
}

void ToProto(const model::Shadow& shadow, v1::Shadow* out) {
  out->set_name(ShadowName(shadow.service, shadow.trial, shadow.id));
  out->set_arm(shadow.arm);
  out->set_version(Utf8(shadow.version));
  out->set_state(EnumToProto<v1::Replica::State>(shadow.state));
  ProcessToProto(shadow.process, out->mutable_process());
  out->set_address(Utf8(shadow.address));
  SHADOWD_SET_TIME(out, create_time, shadow.create_time);
  SHADOWD_SET_TIME(out, ready_time, shadow.ready_time);
  SHADOWD_SET_TIME(out, end_time, shadow.end_time);
  SHADOWD_SET_TIME(out, expire_time, shadow.expire_time);
  out->set_error(Utf8(shadow.error));
}

v1::Shadow ToProto(const model::Shadow& shadow) {
  v1::Shadow out;
  ToProto(shadow, &out);
  return out;
}

StatusOr<model::Shadow> FromProto(const v1::Shadow& in) {
  SHADOWD_ASSIGN_OR_RETURN(ShadowRef ref, ParseShadowName(in.name()));
  model::Shadow shadow;
  shadow.id = std::move(ref.shadow);
  shadow.service = std::move(ref.service);
  shadow.trial = std::move(ref.trial);
  shadow.arm = in.arm();
  shadow.version = in.version();
  SHADOWD_RETURN_IF_ERROR(ReadEnum(in.state(), "state", shadow.state));
  shadow.process = ProcessFromProto(in.process());
  shadow.address = in.address();
  SHADOWD_READ_OPTIONAL(in, create_time, shadow.create_time);
  SHADOWD_READ_OPTIONAL(in, ready_time, shadow.ready_time);
  SHADOWD_READ_OPTIONAL(in, end_time, shadow.end_time);
  SHADOWD_READ_OPTIONAL(in, expire_time, shadow.expire_time);
  shadow.error = in.error();
  return shadow;
}

}  // namespace shadowd::rpc
