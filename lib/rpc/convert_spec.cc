#include "rpc/convert_spec.h"

#include "rpc/convert_basic.h"

namespace shadowd::rpc {
namespace {

template <typename Map>
void WriteMap(const std::map<std::string, std::string>& from, Map* to) {
  to->clear();
  to->insert(from.begin(), from.end());
}

void WriteSpec(const model::Readiness& part, v1::Readiness* out);
void WriteSpec(const model::ShadowClass& part, v1::ShadowClass* out);
Status ReadSpec(const v1::Readiness& in, model::Readiness& part);
Status ReadSpec(const v1::ShadowClass& in, model::ShadowClass& part);

void WriteSpec(const model::Readiness& part, v1::Readiness* out) {
  out->set_http_path(part.http_path);
  ToProto(part.deadline, out->mutable_deadline());
  ToProto(part.interval, out->mutable_interval());
}

Status ReadSpec(const v1::Readiness& in, model::Readiness& part) {
  part.http_path = in.http_path();
  SHADOWD_READ_OPTIONAL(in, deadline, part.deadline);
  SHADOWD_READ_OPTIONAL(in, interval, part.interval);
  return absl::OkStatus();
}

void WriteSpec(const model::ShadowClass& part, v1::ShadowClass* out) {
  out->set_cpu_idle(part.cpu_idle);
  out->mutable_cpu_set()->Assign(part.cpu_set.begin(), part.cpu_set.end());
  out->set_memory_max_bytes(part.memory_max_bytes);
  WriteMap(part.environment, out->mutable_environment());
  out->mutable_extra_argv()->Assign(part.extra_argv.begin(), part.extra_argv.end());
}

Status ReadSpec(const v1::ShadowClass& in, model::ShadowClass& part) {
  if (in.has_cpu_idle()) {
    part.cpu_idle = in.cpu_idle();
  }
  part.cpu_set.assign(in.cpu_set().begin(), in.cpu_set().end());
  if (in.has_memory_max_bytes()) {
    part.memory_max_bytes = in.memory_max_bytes();
  }
  part.environment.insert(in.environment().begin(), in.environment().end());
  part.extra_argv.assign(in.extra_argv().begin(), in.extra_argv().end());
  return absl::OkStatus();
}

}  // namespace

void WriteSpec(const model::InstanceTemplate& part, v1::InstanceTemplate* out) {
  out->mutable_argv()->Assign(part.argv.begin(), part.argv.end());
  WriteMap(part.environment, out->mutable_environment());
  out->set_working_dir(part.working_dir);
  out->set_address(part.address);
  out->set_port_first(part.port_first);
  out->set_port_last(part.port_last);
  WriteSpec(part.readiness, out->mutable_readiness());
  ToProto(part.stop_grace, out->mutable_stop_grace());
  out->set_output_bytes_max(part.output_bytes_max);
}

Status ReadSpec(const v1::InstanceTemplate& in, model::InstanceTemplate& part) {
  part.argv.assign(in.argv().begin(), in.argv().end());
  part.environment.insert(in.environment().begin(), in.environment().end());
  part.working_dir = in.working_dir();
  if (in.has_address()) {
    part.address = in.address();
  }
  part.port_first = in.port_first();
  part.port_last = in.port_last();
  SHADOWD_RETURN_IF_ERROR(InsideField(ReadSpec(in.readiness(), part.readiness), "readiness"));
  SHADOWD_READ_OPTIONAL(in, stop_grace, part.stop_grace);
  if (in.has_output_bytes_max()) {
    part.output_bytes_max = in.output_bytes_max();
  }
  return absl::OkStatus();
}

void WriteSpec(const model::Bounds& part, v1::Bounds* out) {
  out->set_min(part.min);
  out->set_max(part.max);
  out->set_step_out_max(part.step_out_max);
  out->set_step_in_max(part.step_in_max);
  ToProto(part.cool_down_out, out->mutable_cool_down_out());
  ToProto(part.cool_down_in, out->mutable_cool_down_in());
}

Status ReadSpec(const v1::Bounds& in, model::Bounds& part) {
  if (in.has_min()) {
    part.min = in.min();
  }
  if (in.has_max()) {
    part.max = in.max();
  }
  if (in.has_step_out_max()) {
    part.step_out_max = in.step_out_max();
  }
  if (in.has_step_in_max()) {
    part.step_in_max = in.step_in_max();
  }
  SHADOWD_READ_OPTIONAL(in, cool_down_out, part.cool_down_out);
  SHADOWD_READ_OPTIONAL(in, cool_down_in, part.cool_down_in);
  return absl::OkStatus();
}

void WriteSpec(const model::Slo& part, v1::Slo* out) {
  out->set_latency_quantile(part.latency_quantile);
  ToProto(part.latency_limit, out->mutable_latency_limit());
  out->set_error_rate_max(part.error_rate_max);
}

Status ReadSpec(const v1::Slo& in, model::Slo& part) {
  if (in.has_latency_quantile()) {
    part.latency_quantile = in.latency_quantile();
  }
  SHADOWD_READ_OPTIONAL(in, latency_limit, part.latency_limit);
  if (in.has_error_rate_max()) {
    part.error_rate_max = in.error_rate_max();
  }
  return absl::OkStatus();
}

void WriteSpec(const model::ForecastSpec& part, v1::ForecastSpec* out) {
  ToProto(part.resolution, out->mutable_resolution());
  out->mutable_seasons()->Assign(part.seasons.begin(), part.seasons.end());
  out->set_horizon_steps(part.horizon_steps);
  out->set_coverage(part.coverage);
  ToProto(part.hold, out->mutable_hold());
  out->set_coverage_from_prices(part.coverage_from_prices);
}

Status ReadSpec(const v1::ForecastSpec& in, model::ForecastSpec& part) {
  SHADOWD_READ_OPTIONAL(in, resolution, part.resolution);
  part.seasons.assign(in.seasons().begin(), in.seasons().end());
  if (in.has_horizon_steps()) {
    part.horizon_steps = in.horizon_steps();
  }
  if (in.has_coverage()) {
    part.coverage = in.coverage();
  }
  SHADOWD_READ_OPTIONAL(in, hold, part.hold);
  part.coverage_from_prices = in.coverage_from_prices();
  return absl::OkStatus();
}

void WriteSpec(const model::TriggerSpec& part, v1::TriggerSpec* out) {
  out->set_proximity(part.proximity);
  out->set_proximity_m(part.proximity_m);
  out->set_proximity_n(part.proximity_n);
  ToProto(part.emergency_after, out->mutable_emergency_after());
  out->set_emergency_requests(part.emergency_requests);
}

Status ReadSpec(const v1::TriggerSpec& in, model::TriggerSpec& part) {
  if (in.has_proximity()) {
    part.proximity = in.proximity();
  }
  if (in.has_proximity_m()) {
    part.proximity_m = in.proximity_m();
  }
  if (in.has_proximity_n()) {
    part.proximity_n = in.proximity_n();
  }
  SHADOWD_READ_OPTIONAL(in, emergency_after, part.emergency_after);
  if (in.has_emergency_requests()) {
    part.emergency_requests = in.emergency_requests();
  }
  return absl::OkStatus();
}

void WriteSpec(const model::ShadowSpec& part, v1::ShadowSpec* out) {
  out->mutable_levels()->Assign(part.levels.begin(), part.levels.end());
  out->set_levels_auto_max(part.levels_auto_max);
  out->set_shadows_per_level(part.shadows_per_level);
  out->set_null_arm(part.null_arm);
  out->set_max_shadows(part.max_shadows);
  ToProto(part.ttl, out->mutable_ttl());
  ToProto(part.idle_timeout, out->mutable_idle_timeout());
  ToProto(part.lease, out->mutable_lease());
  WriteSpec(part.shadow_class, out->mutable_shadow_class());
}

Status ReadSpec(const v1::ShadowSpec& in, model::ShadowSpec& part) {
  part.levels.assign(in.levels().begin(), in.levels().end());
  if (in.has_levels_auto_max()) {
    part.levels_auto_max = in.levels_auto_max();
  }
  if (in.has_shadows_per_level()) {
    part.shadows_per_level = in.shadows_per_level();
  }
  if (in.has_null_arm()) {
    part.null_arm = in.null_arm();
  }
  if (in.has_max_shadows()) {
    part.max_shadows = in.max_shadows();
  }
  SHADOWD_READ_OPTIONAL(in, ttl, part.ttl);
  SHADOWD_READ_OPTIONAL(in, idle_timeout, part.idle_timeout);
  SHADOWD_READ_OPTIONAL(in, lease, part.lease);
  SHADOWD_RETURN_IF_ERROR(InsideField(ReadSpec(in.shadow_class(), part.shadow_class), "shadow_class"));
  return absl::OkStatus();
}

void WriteSpec(const model::TrialSpec& part, v1::TrialSpec* out) {
  out->set_policy(EnumToProto<v1::TrialSpec::Policy>(part.policy));
  ToProto(part.warm_up, out->mutable_warm_up());
  ToProto(part.deadline, out->mutable_deadline());
  out->set_alpha(part.alpha);
  out->set_tolerance(part.tolerance);
  out->set_void_share_max(part.void_share_max);
  ToProto(part.measured_fresh, out->mutable_measured_fresh());
  out->set_tolerance_min(part.tolerance_min);
  out->set_tolerance_max(part.tolerance_max);
  out->set_daily_budget(part.daily_budget);
}

Status ReadSpec(const v1::TrialSpec& in, model::TrialSpec& part) {
  SHADOWD_RETURN_IF_ERROR(ReadEnum(in.policy(), "policy", part.policy));
  SHADOWD_READ_OPTIONAL(in, warm_up, part.warm_up);
  SHADOWD_READ_OPTIONAL(in, deadline, part.deadline);
  if (in.has_alpha()) {
    part.alpha = in.alpha();
  }
  if (in.has_tolerance()) {
    part.tolerance = in.tolerance();
  }
  if (in.has_void_share_max()) {
    part.void_share_max = in.void_share_max();
  }
  SHADOWD_READ_OPTIONAL(in, measured_fresh, part.measured_fresh);
  if (in.has_tolerance_min()) {
    part.tolerance_min = in.tolerance_min();
  }
  if (in.has_tolerance_max()) {
    part.tolerance_max = in.tolerance_max();
  }
  part.daily_budget = in.daily_budget();
  return absl::OkStatus();
}

void WriteSpec(const model::HaproxySpec& part, v1::HaproxySpec* out) {
  out->set_socket(part.socket);
  out->set_backend(part.backend);
  out->set_syslog_listen(part.syslog_listen);
  out->set_check(part.check);
}

Status ReadSpec(const v1::HaproxySpec& in, model::HaproxySpec& part) {
  part.socket = in.socket();
  part.backend = in.backend();
  part.syslog_listen = in.syslog_listen();
  if (in.has_check()) {
    part.check = in.check();
  }
  return absl::OkStatus();
}

void WriteSpec(const model::MirrorSpec& part, v1::MirrorSpec* out) {
  out->set_interface(part.interface);
  out->set_port(part.port);
  out->set_percent(part.percent);
  out->mutable_methods()->Assign(part.methods.begin(), part.methods.end());
  out->set_marker_header(part.marker_header);
}

Status ReadSpec(const v1::MirrorSpec& in, model::MirrorSpec& part) {
  part.interface = in.interface();
  part.port = in.port();
  if (in.has_percent()) {
    part.percent = in.percent();
  }
  if (in.methods_size() > 0) {
    part.methods.assign(in.methods().begin(), in.methods().end());
  }
  if (in.has_marker_header()) {
    part.marker_header = in.marker_header();
  }
  return absl::OkStatus();
}

void WriteSpec(const model::LoadSpec& part, v1::LoadSpec* out) {
  out->set_enabled(part.enabled);
  out->set_max_rps_per_shadow(part.max_rps_per_shadow);
  out->mutable_paths()->Assign(part.paths.begin(), part.paths.end());
}

Status ReadSpec(const v1::LoadSpec& in, model::LoadSpec& part) {
  if (in.has_enabled()) {
    part.enabled = in.enabled();
  }
  if (in.has_max_rps_per_shadow()) {
    part.max_rps_per_shadow = in.max_rps_per_shadow();
  }
  if (in.paths_size() > 0) {
    part.paths.assign(in.paths().begin(), in.paths().end());
  }
  return absl::OkStatus();
}

void WriteSpec(const model::Prices& part, v1::Prices* out) {
  out->set_currency(part.currency);
  out->set_instance_hour(part.instance_hour);
  out->set_shadow_hour(part.shadow_hour);
  out->set_violation_per_minute(part.violation_per_minute);
}

Status ReadSpec(const v1::Prices& in, model::Prices& part) {
  if (in.has_currency()) {
    part.currency = in.currency();
  }
  if (in.has_instance_hour()) {
    part.instance_hour = in.instance_hour();
  }
  if (in.has_shadow_hour()) {
    part.shadow_hour = in.shadow_hour();
  }
  if (in.has_violation_per_minute()) {
    part.violation_per_minute = in.violation_per_minute();
  }
  return absl::OkStatus();
}

}  // namespace shadowd::rpc
