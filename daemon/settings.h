// What the configuration means for the parts of the daemon, and which of it may change while they run. Pure
// but for SetLogLevel, which sets that of the whole process.
#pragma once

#include "config/daemon_config.h"
#include "control/core.h"

namespace shadowd::daemon {

control::CoreOptions CoreOptionsOf(const config::DaemonConfig& config);
void SetLogLevel(config::LogLevel level);

// `running` with everything of `wanted` that may change while the daemon runs; where the result differs from
// `wanted`, a restart is needed.
config::DaemonConfig WithReloadable(config::DaemonConfig running, const config::DaemonConfig& wanted);

}  // namespace shadowd::daemon
