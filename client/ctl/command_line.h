// The command line of shadowctl: what can be said, with its help, and what is done for it.
#pragma once

namespace shadowd::ctl {

int RunCommandLine(int argc, char** argv);

}  // namespace shadowd::ctl
