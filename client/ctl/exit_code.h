// How a status leaves a command-line program: an exit code for its class. README.md lists them.
#pragma once

#include "base/status.h"

namespace shadowd::ctl {

int ExitCodeOf(const Status& status);
inline constexpr const char* kExitCodes =
    "Exit codes: 0 done, 2 bad input or usage, 3 not found, 4 conflict with the present state, 5 not "
    "permitted,\n"
    "6 the daemon is not reachable, 7 out of time, 8 a limit is reached, 9 fault of the daemon, 130 "
    "interrupted.";

}  // namespace shadowd::ctl
