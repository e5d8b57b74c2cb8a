// Completion scripts for shells, made from what the command line really takes. Pure functions.
#pragma once

#include <string>
#include <vector>

#include "base/status.h"

namespace CLI {
class App;
}

namespace shadowd::ctl {

struct CompletionWords {
  struct Command {
    std::string name;
    std::vector<std::string> flags;
    std::vector<std::string> arguments;  // what its first argument may be, where that is a fixed set
    bool takes_file = false;             // its arguments are files
  };
  std::vector<Command> commands;
  std::vector<std::string> flags;         // of every command
  std::vector<std::string> valued_flags;  // those of all that take a value
  std::vector<std::string> file_flags;    // those of all whose value is a file
};

CompletionWords WordsOf(const CLI::App& app);
// For "bash", "zsh" or "fish".
StatusOr<std::string> CompletionScript(const std::string& shell, const CompletionWords& words);

}  // namespace shadowd::ctl
