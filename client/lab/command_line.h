// The command line of shadow-lab: what can be asked without a daemon, with its help, and what is done for it.
// shadowctl runs this program for its offline commands.
#pragma once

namespace shadowd::lab {

// Returns the exit code; the answer is on standard output, errors are on standard error.
int RunCommandLine(int argc, char** argv);

}  // namespace shadowd::lab
