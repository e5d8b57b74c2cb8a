#include "config/daemon_config.h"

#include "base/check.h"
#include "config/field_check.h"
#include "config/validate_telemetry.h"
#include "config/yaml_proto.h"
#include "config/yaml_tree.h"
#include "rpc/convert_basic.h"
#include "rpc/convert_telemetry.h"
#include "rpc/field_rules.h"
#include "shadowd/v1/config.pb.h"

namespace shadowd::config {
namespace {

using namespace std::chrono_literals;

constexpr size_t kSocketPathMax = 107;  // sun_path less the zero

TcpConfig TcpFromProto(const v1::TcpConfig& in) {
  TcpConfig tcp;
  tcp.address = in.address();
  if (in.has_tls()) {
    tcp.tls = TlsConfig{in.tls().cert(), in.tls().key(), in.tls().client_ca()};
  }
  return tcp;
}

void ReadHost(const v1::HostConfig& in, HostConfig& host) {
  host.max_shadows = in.has_max_shadows() ? in.max_shadows() : host.max_shadows;
  host.memory_reserve_bytes =
      in.has_memory_reserve_bytes() ? in.memory_reserve_bytes() : host.memory_reserve_bytes;
  host.psi_cpu_max = in.has_psi_cpu_max() ? in.psi_cpu_max() : host.psi_cpu_max;
}

void ReadLimits(const v1::LimitsConfig& in, LimitsConfig& limits) {
  limits.max_services = in.has_max_services() ? in.max_services() : limits.max_services;
  limits.loop_queue = in.has_loop_queue() ? in.loop_queue() : limits.loop_queue;
  limits.store_queue = in.has_store_queue() ? in.store_queue() : limits.store_queue;
  limits.watch_queue = in.has_watch_queue() ? in.watch_queue() : limits.watch_queue;
  limits.max_watches = in.has_max_watches() ? in.max_watches() : limits.max_watches;
  limits.message_bytes_max = in.has_message_bytes_max() ? in.message_bytes_max() : limits.message_bytes_max;
}

Status ReadIngest(const v1::IngestConfig& in, IngestConfig& ingest) {
  using rpc::FromProto;
  using rpc::InsideField;
  ingest.otlp_listen = in.otlp_listen();
  ingest.remote_write = in.remote_write();
  SHADOWD_ASSIGN_OR_RETURN(ingest.rules, rpc::ReadRules(in.rules()));
  ingest.series_max = in.has_series_max() ? in.series_max() : ingest.series_max;
  SHADOWD_READ_OPTIONAL(in, interval, ingest.interval);
  ingest.batch_bytes_max = in.has_batch_bytes_max() ? in.batch_bytes_max() : ingest.batch_bytes_max;
  return absl::OkStatus();
}

StatusOr<DaemonConfig> FromProto(const v1::DaemonConfig& in) {
  using rpc::FromProto;
  using rpc::InsideField;
  DaemonConfig config;
  config.socket_path = in.has_socket_path() ? in.socket_path() : config.socket_path;
  config.socket_group = in.socket_group();
  if (in.has_tcp()) {
    config.tcp = TcpFromProto(in.tcp());
  }
  config.state_dir = in.has_state_dir() ? in.state_dir() : config.state_dir;
  config.runtime_dir = in.has_runtime_dir() ? in.runtime_dir() : config.runtime_dir;
  config.metrics_listen = in.metrics_listen();
  SHADOWD_RETURN_IF_ERROR(rpc::ReadEnum(in.log_level(), "log_level", config.log_level));
  config.service_dir = in.service_dir();
  ReadHost(in.host(), config.host);
  ReadLimits(in.limits(), config.limits);
  config.freeze_file = in.has_freeze_file() ? in.freeze_file() : config.freeze_file;
  config.watch_history = in.has_watch_history() ? in.watch_history() : config.watch_history;
  config.reflection = in.has_reflection() ? in.reflection() : config.reflection;
  SHADOWD_READ_OPTIONAL(in, drain_timeout, config.drain_timeout);
  if (in.has_journal()) {
    config.journal.emplace().path = in.journal().path();
    if (in.journal().has_max_bytes()) {
      config.journal->max_bytes = in.journal().max_bytes();
    }
  }
  if (in.has_ingest()) {
    SHADOWD_RETURN_IF_ERROR(InsideField(ReadIngest(in.ingest(), config.ingest.emplace()), "ingest"));
  }
  return config;
}

Status ValidatePaths(const DaemonConfig& config) {
  SHADOWD_RETURN_IF_ERROR(CheckAbsolutePath("socket_path", config.socket_path, kSocketPathMax));
  SHADOWD_RETURN_IF_ERROR(CheckText("socket_group", config.socket_group, 32));
  SHADOWD_RETURN_IF_ERROR(CheckAbsolutePath("state_dir", config.state_dir));
  // Sockets of shims lie below it, and their paths have the same limit.
  SHADOWD_RETURN_IF_ERROR(CheckAbsolutePath("runtime_dir", config.runtime_dir, kSocketPathMax));
  if (!config.service_dir.empty()) {
    SHADOWD_RETURN_IF_ERROR(CheckAbsolutePath("service_dir", config.service_dir));
  }
  if (config.journal) {
    SHADOWD_RETURN_IF_ERROR(CheckAbsolutePath("journal.path", config.journal->path));
    SHADOWD_RETURN_IF_ERROR(CheckSize("journal.max_bytes", config.journal->max_bytes, 1u << 20, 256u << 20));
  }
  return config.freeze_file.empty() ? absl::OkStatus() : CheckAbsolutePath("freeze_file", config.freeze_file);
}

Status ValidateTcp(const TcpConfig& tcp) {
  SHADOWD_ASSIGN_OR_RETURN(const Endpoint endpoint, ParseEndpoint("tcp.address", tcp.address));
  if (!endpoint.loopback && !tcp.tls.has_value()) {
    return BadValue("tcp.tls",
                    fmt::format("{} is not a loopback address: TLS is required", endpoint.address));
  }
  if (!tcp.tls.has_value()) {
    return absl::OkStatus();
  }
  SHADOWD_RETURN_IF_ERROR(CheckAbsolutePath("tcp.tls.cert", tcp.tls->cert));
  SHADOWD_RETURN_IF_ERROR(CheckAbsolutePath("tcp.tls.key", tcp.tls->key));
  if (tcp.tls->client_ca.empty()) {
    return endpoint.loopback
               ? absl::OkStatus()
               : BadValue("tcp.tls.client_ca", fmt::format("{} is not a loopback address: clients must "
                                                           "be authenticated",
                                                           endpoint.address));
  }
  return CheckAbsolutePath("tcp.tls.client_ca", tcp.tls->client_ca);
}

Status ValidateLimits(const DaemonConfig& config) {
  const LimitsConfig& limits = config.limits;
  SHADOWD_RETURN_IF_ERROR(CheckNumber("host.max_shadows", config.host.max_shadows, 0, 1000));
  SHADOWD_RETURN_IF_ERROR(
      CheckSize("host.memory_reserve_bytes", config.host.memory_reserve_bytes, 0, uint64_t{1} << 50));
  SHADOWD_RETURN_IF_ERROR(CheckNumber("host.psi_cpu_max", config.host.psi_cpu_max, 0, 100));
  SHADOWD_RETURN_IF_ERROR(CheckNumber("limits.max_services", limits.max_services, 1, 100'000));
  SHADOWD_RETURN_IF_ERROR(CheckNumber("limits.loop_queue", limits.loop_queue, 64, 1'000'000));
  SHADOWD_RETURN_IF_ERROR(CheckNumber("limits.store_queue", limits.store_queue, 64, 1'000'000));
  SHADOWD_RETURN_IF_ERROR(CheckNumber("limits.watch_queue", limits.watch_queue, 16, 1'000'000));
  SHADOWD_RETURN_IF_ERROR(CheckNumber("limits.max_watches", limits.max_watches, 1, 100'000));
  SHADOWD_RETURN_IF_ERROR(
      CheckSize("limits.message_bytes_max", limits.message_bytes_max, 64u << 10, 64u << 20));
  SHADOWD_RETURN_IF_ERROR(CheckNumber("watch_history", config.watch_history, 16, 1'000'000));
  return CheckLength("drain_timeout", config.drain_timeout, 0s, 1min);
}

Status ValidateIngest(const DaemonConfig& config) {
  const IngestConfig& ingest = *config.ingest;
  if (!ingest.otlp_listen.empty()) {
    SHADOWD_ASSIGN_OR_RETURN(const Endpoint endpoint,
                             ParseEndpoint("ingest.otlp_listen", ingest.otlp_listen));
    if (!endpoint.loopback) {
      return BadValue("ingest.otlp_listen", fmt::format("{} is not a loopback address", endpoint.address));
    }
  }
  if (ingest.remote_write && config.metrics_listen.empty()) {
    return BadValue("ingest.remote_write", "needs metrics_listen, the listener that takes it");
  }
  if (ingest.rules.empty()) {
    return BadValue("ingest.rules", "without a rule nothing that comes belongs to a service");
  }
  SHADOWD_RETURN_IF_ERROR(ValidateRules("ingest.rules", ingest.rules, true));
  SHADOWD_RETURN_IF_ERROR(CheckNumber("ingest.series_max", ingest.series_max, 1, 10'000'000));
  SHADOWD_RETURN_IF_ERROR(CheckLength("ingest.interval", ingest.interval, 1s, 1h));
  return CheckSize("ingest.batch_bytes_max", ingest.batch_bytes_max, 64u << 10, 64u << 20);
}

Status Validate(const DaemonConfig& config) {
  SHADOWD_RETURN_IF_ERROR(ValidatePaths(config));
  if (config.tcp.has_value()) {
    SHADOWD_RETURN_IF_ERROR(ValidateTcp(*config.tcp));
  }
  if (!config.metrics_listen.empty()) {
    SHADOWD_ASSIGN_OR_RETURN(const Endpoint endpoint, ParseEndpoint("metrics_listen", config.metrics_listen));
    if (!endpoint.loopback) {
      return BadValue("metrics_listen", fmt::format("{} is not a loopback address", endpoint.address));
    }
  }
  if (config.ingest) {
    SHADOWD_RETURN_IF_ERROR(ValidateIngest(config));
  }
  return ValidateLimits(config);
}

}  // namespace

const char* LogLevelName(LogLevel level) {
  switch (level) {
    case LogLevel::kTrace:
      return "TRACE";
    case LogLevel::kDebug:
      return "DEBUG";
    case LogLevel::kInfo:
      return "INFO";
    case LogLevel::kWarn:
      return "WARN";
    case LogLevel::kError:
      return "ERROR";
  }
  SHADOWD_CHECK(false);
}

StatusOr<DaemonConfig> ParseDaemonConfig(std::string_view yaml, std::string_view file) {
  SHADOWD_ASSIGN_OR_RETURN(const auto documents, ParseYaml(yaml, file));
  if (documents.empty()) {
    return DaemonConfig();
  }
  if (documents.size() > 1) {
    return YamlError(file, documents[1]->line, "one document expected");
  }
  FieldLines lines{std::string(file)};
  v1::DaemonConfig proto;
  SHADOWD_RETURN_IF_ERROR(YamlToProto(*documents[0], &proto, &lines));
  if (const Status required = rpc::CheckRequired(proto); !required.ok()) {
    return lines.Locate(required);
  }
  auto config = FromProto(proto);
  if (!config.ok()) {
    return lines.Locate(config.status());
  }
  if (const Status valid = Validate(*config); !valid.ok()) {
    return lines.Locate(valid);
  }
  return config;
}

}  // namespace shadowd::config
