#include "daemon/settings.h"

#include "require_ok.h"

namespace shadowd::daemon {

TEST_CASE("A reload takes over the log level, the host, services and the drain, and nothing else") {
  const config::DaemonConfig running;
  config::DaemonConfig wanted = running;
  wanted.log_level = config::LogLevel::kDebug;
  wanted.host.max_shadows = running.host.max_shadows + 3;
  wanted.service_dir = "/elsewhere";
  wanted.limits.max_services = running.limits.max_services + 1;
  wanted.drain_timeout = running.drain_timeout + Micros(1);
  CHECK(WithReloadable(running, wanted) == wanted);
  wanted.socket_path = "/elsewhere.sock";
  CHECK(WithReloadable(running, wanted) != wanted);
}

TEST_CASE("The core gets its bounds from the configuration") {
  config::DaemonConfig config;
  config.host.max_shadows = 5;
  config.host.psi_cpu_max = 33;
  config.host.memory_reserve_bytes = 1000;
  config.limits.max_services = 7;
  const control::CoreOptions options = CoreOptionsOf(config);
  CHECK(options.host.max_shadows == 5);
  CHECK(options.host.cpu_pressure_max == 33);
  CHECK(options.host.memory_reserve_bytes == 1000);
  CHECK(options.services_max == 7);
}

}  // namespace shadowd::daemon
