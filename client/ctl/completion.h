// Completion scripts for shells: commands, nouns and flags.
#pragma once

#include <string>

#include "base/status.h"

namespace shadowd::ctl {

StatusOr<std::string> CompletionScript(const std::string& shell);  // "bash", "zsh", "fish"

}  // namespace shadowd::ctl
