#include "daemon/settings.h"

#include <spdlog/spdlog.h>

#include <filesystem>
#include <utility>

namespace shadowd::daemon {

Status MakeDirectory(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  return error ? FailedPrecondition("cannot make directory {}: {}", path, error.message()) : absl::OkStatus();
}

control::CoreOptions CoreOptionsOf(const config::DaemonConfig& config) {
  control::CoreOptions options;
  options.host.max_shadows = config.host.max_shadows;
  options.host.memory_reserve_bytes = static_cast<double>(config.host.memory_reserve_bytes);
  options.host.cpu_pressure_max = config.host.psi_cpu_max;
  options.services_max = static_cast<size_t>(config.limits.max_services);
  return options;
}

store::Options StoreOptionsOf(const config::DaemonConfig& config) {
  store::Options options;
  options.directory = config.state_dir;
  options.queue_max = static_cast<size_t>(config.limits.store_queue);
  return options;
}

ServerOptions ServerOptionsOf(const config::DaemonConfig& config) {
  ServerOptions server;
  server.socket.path = config.socket_path;
  server.socket.group = config.socket_group;
  if (config.tcp) {
    server.tcp.address = config.tcp->address;
    if (config.tcp->tls) {
      server.tcp.cert_file = config.tcp->tls->cert;
      server.tcp.key_file = config.tcp->tls->key;
      server.tcp.client_ca_file = config.tcp->tls->client_ca;
    }
  }
  server.reflection = config.reflection;
  server.answers_path = config.state_dir + "/scaler-answers";
  server.message_bytes_max = static_cast<int>(config.limits.message_bytes_max);
  server.limits.open_calls_max = static_cast<size_t>(config.limits.max_watches);
  server.limits.watch_queue = static_cast<size_t>(config.limits.watch_queue);
  server.limits.services_max = static_cast<size_t>(config.limits.max_services);
  return server;
}

void SetLogLevel(config::LogLevel level) {
  static constexpr std::pair<config::LogLevel, spdlog::level::level_enum> kLevels[] = {
      {config::LogLevel::kTrace, spdlog::level::trace},
      {config::LogLevel::kDebug, spdlog::level::debug},
      {config::LogLevel::kInfo, spdlog::level::info},
      {config::LogLevel::kWarn, spdlog::level::warn},
      {config::LogLevel::kError, spdlog::level::err}};
  for (const auto& [ours, theirs] : kLevels) {
    if (ours == level) {
      spdlog::set_level(theirs);
    }
  }
}

config::DaemonConfig WithReloadable(config::DaemonConfig running, const config::DaemonConfig& wanted) {
  running.log_level = wanted.log_level;
  running.host = wanted.host;
  running.service_dir = wanted.service_dir;
  running.limits.max_services = wanted.limits.max_services;
  running.drain_timeout = wanted.drain_timeout;
  return running;
}

Status CheckReloadable(const config::DaemonConfig& running, const config::DaemonConfig& wanted,
                       const std::string& path) {
  return WithReloadable(running, wanted) == wanted
             ? absl::OkStatus()
             : FailedPrecondition(
                   "{}: something other than log_level, host, service_dir, limits.max_services and "
                   "drain_timeout has changed; that needs a restart",
                   path);
}

}  // namespace shadowd::daemon
