#include "rpc/convert_service.h"

#include "rpc/convert_basic.h"
#include "rpc/convert_spec.h"
#include "rpc/convert_telemetry.h"
#include "rpc/resource_name.h"

namespace shadowd::rpc {
namespace {

// Reads one nested message of the specification, with its field in front of what is wrong in it.
template <typename Message, typename Part>
Status ReadPart(const Message& in, std::string_view field, Part& part) {
  return InsideField(ReadSpec(in, part), field);
}

Status ReadSpecParts(const v1::Service& in, model::ServiceSpec& spec) {
  SHADOWD_RETURN_IF_ERROR(ReadPart(in.instance(), "instance", spec.instance));
  SHADOWD_RETURN_IF_ERROR(ReadPart(in.bounds(), "bounds", spec.bounds));
  SHADOWD_RETURN_IF_ERROR(ReadPart(in.slo(), "slo", spec.slo));
  SHADOWD_RETURN_IF_ERROR(ReadPart(in.forecast(), "forecast", spec.forecast));
  SHADOWD_RETURN_IF_ERROR(ReadPart(in.triggers(), "triggers", spec.triggers));
  SHADOWD_RETURN_IF_ERROR(ReadPart(in.shadows(), "shadows", spec.shadows));
  SHADOWD_RETURN_IF_ERROR(ReadPart(in.trial(), "trial", spec.trial));
  SHADOWD_RETURN_IF_ERROR(ReadPart(in.haproxy(), "haproxy", spec.haproxy));
  SHADOWD_RETURN_IF_ERROR(ReadPart(in.mirror(), "mirror", spec.mirror));
  SHADOWD_RETURN_IF_ERROR(ReadPart(in.load(), "load", spec.load));
  SHADOWD_RETURN_IF_ERROR(ReadPart(in.prices(), "prices", spec.prices));
  return ReadPart(in.telemetry(), "telemetry", spec.telemetry);
}

}  // namespace

void ToProto(const model::InstanceTemplate& instance, v1::InstanceTemplate* out) {
  WriteSpec(instance, out);
}

StatusOr<model::InstanceTemplate> FromProto(const v1::InstanceTemplate& in) {
  model::InstanceTemplate instance;
  SHADOWD_RETURN_IF_ERROR(ReadSpec(in, instance));
  return instance;
}

void ToProto(const model::ServiceSpec& spec, v1::Service* out) {
  out->set_name(ServiceName(spec.id));
  out->set_mode(EnumToProto<v1::Service::Mode>(spec.mode));
  out->set_version(spec.version);
  out->set_balancing(EnumToProto<v1::Service::Balancing>(spec.balancing));
  out->clear_instance();
  if (spec.instance != model::InstanceTemplate()) {  // an empty template is none: it would lack its argv
    WriteSpec(spec.instance, out->mutable_instance());
  }
  WriteSpec(spec.bounds, out->mutable_bounds());
  WriteSpec(spec.slo, out->mutable_slo());
  WriteSpec(spec.forecast, out->mutable_forecast());
  WriteSpec(spec.triggers, out->mutable_triggers());
  WriteSpec(spec.shadows, out->mutable_shadows());
  WriteSpec(spec.trial, out->mutable_trial());
  WriteSpec(spec.haproxy, out->mutable_haproxy());
  WriteSpec(spec.mirror, out->mutable_mirror());
  WriteSpec(spec.load, out->mutable_load());
  WriteSpec(spec.prices, out->mutable_prices());
  ToProto(spec.lead_time_prior, out->mutable_lead_time_prior());
  out->clear_telemetry();
  if (spec.telemetry.any()) {
    WriteSpec(spec.telemetry, out->mutable_telemetry());
  }
}

void ToProto(const model::Service& service, v1::Service* out) {
  ToProto(service.spec, out);
  SHADOWD_SET_TIME(out, create_time, service.create_time);
  SHADOWD_SET_TIME(out, update_time, service.update_time);
  out->set_etag(service.etag);
  out->set_target(service.target);
  out->set_rollout_version(service.rollout_version);
  out->clear_rollout_instance();
  if (service.rollout_instance != model::InstanceTemplate()) {
    WriteSpec(service.rollout_instance, out->mutable_rollout_instance());
  }
  out->set_deleting(service.deleting);
}

v1::Service ToProto(const model::Service& service) {
  v1::Service out;
  ToProto(service, &out);
  return out;
}

StatusOr<model::ServiceSpec> SpecFromProto(const v1::Service& in) {
  model::ServiceSpec spec;
  SHADOWD_ASSIGN_OR_RETURN(spec.id, ParseServiceName(in.name()));
  SHADOWD_RETURN_IF_ERROR(ReadEnum(in.mode(), "mode", spec.mode));
  SHADOWD_RETURN_IF_ERROR(ReadEnum(in.balancing(), "balancing", spec.balancing));
  if (in.has_version()) {
    spec.version = in.version();
  }
  SHADOWD_RETURN_IF_ERROR(ReadSpecParts(in, spec));
  SHADOWD_READ_OPTIONAL(in, lead_time_prior, spec.lead_time_prior);
  return spec;
}

StatusOr<model::Service> FromProto(const v1::Service& in) {
  model::Service service;
  SHADOWD_ASSIGN_OR_RETURN(service.spec, SpecFromProto(in));
  SHADOWD_READ_OPTIONAL(in, create_time, service.create_time);
  SHADOWD_READ_OPTIONAL(in, update_time, service.update_time);
  service.etag = in.etag();
  service.target = in.target();
  service.rollout_version = in.rollout_version();
  SHADOWD_RETURN_IF_ERROR(ReadPart(in.rollout_instance(), "rollout_instance", service.rollout_instance));
  service.deleting = in.deleting();
  return service;
}

}  // namespace shadowd::rpc
