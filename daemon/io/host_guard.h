// Measures how much room the host has left, for the arbiter that admits shadows. Reads /proc/meminfo and
// /proc/pressure/cpu at each call; a file that is missing gives the value that stands for unknown. Any
// thread.
#pragma once

#include <string>

#include "ports/event.h"

namespace shadowd::io {

// `proc_dir` is "/proc" but in tests. Memory that cannot be read counts as none: no shadow is started
// blindly.
ports::HostPressure ReadHostPressure(const std::string& proc_dir = "/proc");

}  // namespace shadowd::io
