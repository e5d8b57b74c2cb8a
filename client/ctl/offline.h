// The commands that need no daemon. They live in a program of their own, shadow-lab, which shadowctl becomes.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"

namespace shadowd::ctl {

struct OfflineCommand {
  const char* name;
  const char* help;
};
inline constexpr std::array kOfflineCommands = {
    OfflineCommand{"simulate", "Replay a history under this and other scaling policies, and compare"},
    OfflineCommand{"forecast", "Score the forecast on a history (forecast evaluate)"},
    OfflineCommand{"capacity", "Fit what an instance holds to measured points (capacity fit)"},
    OfflineCommand{"replay", "Step the control core on a daemon's journal, and tell where it differs"},
    OfflineCommand{"load", "Send open-loop load to a URL and measure it: latencies from the planned time"},
    OfflineCommand{"mirror", "Read real requests off an interface, VXLAN or a capture, and repeat them"},
    OfflineCommand{"analyze", "Judge a recorded shadow, and tell when the verdict was settled"},
};

// The arguments for shadow-lab when they are about one of its commands: the command first, then all the
// others in their order. Options of shadowctl may stand before the command.
std::optional<std::vector<std::string>> OfflineArguments(int argc, const char* const* argv);

// Becomes shadow-lab: the one beside this program, in ../libexec/shadowd, or on the PATH. Returns only when
// there is none or it cannot be run.
Status RunOffline(const std::vector<std::string>& arguments);

}  // namespace shadowd::ctl
