// What the configuration means for the parts of the daemon, and which of it may change while they run. Pure
// but for MakeDirectory, and for SetLogLevel, which sets that of the whole process.
#pragma once

#include "config/daemon_config.h"
#include "control/core.h"
#include "daemon/rpc/server.h"
#include "store/store.h"

namespace shadowd::daemon {

Status MakeDirectory(const std::string& path);  // with those above it
control::CoreOptions CoreOptionsOf(const config::DaemonConfig& config);
store::Options StoreOptionsOf(const config::DaemonConfig& config);
ServerOptions ServerOptionsOf(const config::DaemonConfig& config);
void SetLogLevel(config::LogLevel level);

// `running` with everything of `wanted` that may change while the daemon runs; where the result differs from
// `wanted`, a restart is needed.
config::DaemonConfig WithReloadable(config::DaemonConfig running, const config::DaemonConfig& wanted);

// FAILED_PRECONDITION with the file where that is so.
Status CheckReloadable(const config::DaemonConfig& running, const config::DaemonConfig& wanted,
                       const std::string& path);

}  // namespace shadowd::daemon
