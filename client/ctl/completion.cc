#include "completion.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>

namespace shadowd::ctl {
namespace {

using Words = std::vector<std::string>;

std::string Spaced(const Words& words) {
  return fmt::format("{}", fmt::join(words, " "));
}

std::string Names(const CompletionWords& words) {
  std::string text;
  for (const CompletionWords::Command& command : words.commands) {
    text += (text.empty() ? "" : " ") + command.name;
  }
  return text;
}

// The lines of a case over the commands; `offer` says in the shell's words what may follow.
template <typename Offer>
std::string Cases(const CompletionWords& words, Offer offer) {
  std::string text;
  for (const CompletionWords::Command& command : words.commands) {
    text += fmt::format("    {}) {} ;;\n", command.name, offer(command));
  }
  return text;
}

// Finds the command among the words before the cursor: the first that is neither a flag nor a flag's value.
std::string Bash(const CompletionWords& words) {
  const auto offer = [&words](const CompletionWords::Command& command) {
    return fmt::format(R"(flags="{} {}" arguments="{}"{})", Spaced(command.flags), Spaced(words.flags),
                       Spaced(command.arguments), command.takes_file ? " files=1" : "");
  };
  return fmt::format(R"(_shadowctl() {{
  local current="${{COMP_WORDS[COMP_CWORD]}}" previous="${{COMP_WORDS[COMP_CWORD-1]}}"
  local command="" word skip="" flags arguments files=""
  for word in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do
    if [[ -n $skip ]]; then skip=""; continue; fi
    case "$word" in
      {0}) skip=1 ;;
      -*) ;;
      *) command="$word"; break ;;
    esac
  done
  case "$previous" in
    -o|--output) COMPREPLY=($(compgen -W "table json yaml" -- "$current")); return ;;
    {1}) COMPREPLY=($(compgen -f -- "$current")); return ;;
    {0}) COMPREPLY=(); return ;;
  esac
  case "$command" in
    "") flags="{2}" arguments="{3}" ;;
{4}    *) flags="{2}" arguments="" ;;
  esac
  if [[ $current == -* ]]; then
    COMPREPLY=($(compgen -W "$flags" -- "$current"))
  elif [[ -n $files ]]; then
    COMPREPLY=($(compgen -f -- "$current"))
  elif [[ -z $command || $previous == "$command" ]]; then
    COMPREPLY=($(compgen -W "$arguments" -- "$current"))
  else
    COMPREPLY=()
  fi
}}
complete -F _shadowctl shadowctl
)",
                     fmt::join(words.valued_flags, "|"), fmt::join(words.file_flags, "|"),
                     Spaced(words.flags), Names(words), Cases(words, offer));
}

std::string Zsh(const CompletionWords& words) {
  const auto offer = [&words](const CompletionWords::Command& command) {
    return fmt::format(
        "if [[ $words[CURRENT] == -* ]]; then compadd -- {} {}; elif (( CURRENT == 3 )); then {}; fi",
        Spaced(command.flags), Spaced(words.flags),
        command.takes_file ? "_files" : "compadd -- " + Spaced(command.arguments));
  };
  return fmt::format(R"(#compdef shadowctl
_shadowctl() {{
  case "$words[CURRENT-1]" in
    -o|--output) compadd table json yaml; return ;;
    {0}) _files; return ;;
  esac
  if (( CURRENT == 2 )); then compadd -- {1} {2}; return; fi
  case "$words[2]" in
{3}  esac
}}
compdef _shadowctl shadowctl
)",
                     fmt::join(words.file_flags, "|"), Names(words), Spaced(words.flags),
                     Cases(words, offer));
}

std::string FishFlag(const std::string& flag) {
  return flag.rfind("--", 0) == 0 ? "-l " + flag.substr(2) : "-s " + flag.substr(1);
}

std::string Fish(const CompletionWords& words) {
  std::string text = "complete -c shadowctl -f\n";
  text += fmt::format("complete -c shadowctl -n __fish_use_subcommand -a \"{}\"\n", Names(words));
  for (const CompletionWords::Command& command : words.commands) {
    const std::string seen = fmt::format("-n \"__fish_seen_subcommand_from {}\"", command.name);
    if (!command.arguments.empty()) {
      text += fmt::format("complete -c shadowctl {} -a \"{}\"\n", seen, Spaced(command.arguments));
    }
    if (command.takes_file) {
      text += fmt::format("complete -c shadowctl {} -F\n", seen);
    }
    for (const std::string& flag : command.flags) {
      text += fmt::format("complete -c shadowctl {} {}\n", seen, FishFlag(flag));
    }
  }
  for (const std::string& flag : words.flags) {
    text += fmt::format("complete -c shadowctl {}\n", FishFlag(flag));
  }
  text += "complete -c shadowctl -s o -l output -x -a \"table json yaml\"\n";
  for (const std::string& flag : words.file_flags) {
    text += fmt::format("complete -c shadowctl {} -r -F\n", FishFlag(flag));
  }
  return text;
}

// "-o", "--output": every way to say each of the options.
std::vector<std::string> FlagsOf(const CLI::App& app, bool (*wanted)(const CLI::Option&)) {
  std::vector<std::string> flags;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_snames()) {
      if (wanted(*option)) {
        flags.push_back("-" + name);
      }
    }
    for (const std::string& name : option->get_lnames()) {
      if (wanted(*option)) {
        flags.push_back("--" + name);
      }
    }
  }
  return flags;
}

bool Any(const CLI::Option&) {
  return true;
}
bool TakesValue(const CLI::Option& option) {
  return option.get_items_expected_max() > 0;
}
bool TakesFile(const CLI::Option& option) {
  return option.check_lname("file") || option.check_lname("ca") || option.check_lname("cert") ||
         option.check_lname("key");
}

std::vector<std::string> ArgumentsOf(const std::string& command) {
  if (command == "get" || command == "describe" || command == "watch") {
    return {"services", "instances", "forecasts", "trials", "shadows", "decisions", "models", "costs"};
  }
  return command == "delete"       ? std::vector<std::string>{"service"}
         : command == "completion" ? std::vector<std::string>{"bash", "zsh", "fish"}
                                   : std::vector<std::string>();
}

}  // namespace

CompletionWords WordsOf(const CLI::App& app) {
  CompletionWords words;
  const auto append = [](std::vector<std::string>& to, std::vector<std::string> more) {
    to.insert(to.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
  };
  words.flags = FlagsOf(app, Any);
  words.valued_flags = FlagsOf(app, TakesValue);
  words.file_flags = FlagsOf(app, TakesFile);
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    std::vector<std::string> own = FlagsOf(*command, Any);
    std::erase_if(own, [](const std::string& flag) { return flag == "-h" || flag == "--help"; });
    const std::string name = command->get_name();
    words.commands.push_back({name, std::move(own), ArgumentsOf(name), name == "replay"});
    append(words.valued_flags, FlagsOf(*command, TakesValue));
    append(words.file_flags, FlagsOf(*command, TakesFile));
  }
  return words;
}

StatusOr<std::string> CompletionScript(const std::string& shell, const CompletionWords& words) {
  if (shell == "bash") {
    return Bash(words);
  }
  if (shell == "zsh") {
    return Zsh(words);
  }
  if (shell == "fish") {
    return Fish(words);
  }
  return InvalidArgument("no completion for '{}': bash, zsh or fish", shell);
}

}  // namespace shadowd::ctl
