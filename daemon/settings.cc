#include "daemon/settings.h"

#include <spdlog/spdlog.h>

#include <utility>

namespace shadowd::daemon {

control::CoreOptions CoreOptionsOf(const config::DaemonConfig& config) {
  control::CoreOptions options;
  options.host.max_shadows = config.host.max_shadows;
  options.host.memory_reserve_bytes = static_cast<double>(config.host.memory_reserve_bytes);
  options.host.cpu_pressure_max = config.host.psi_cpu_max;
  options.services_max = static_cast<size_t>(config.limits.max_services);
  return options;
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

}  // namespace shadowd::daemon
