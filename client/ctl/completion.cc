#include "completion.h"

namespace shadowd::ctl {
namespace {

constexpr const char* kCommands =
    "apply get describe watch delete propose report import retrain cancel terminate approve reject freeze "
    "status audit "
    "version completion forecast simulate load mirror analyze capacity";
constexpr const char* kNouns = "services instances forecasts trials shadows decisions models costs";
constexpr const char* kFlags = "--output --address --timeout --service --help";

}  // namespace

StatusOr<std::string> CompletionScript(const std::string& shell) {
  if (shell == "bash") {
    return fmt::format(R"(_shadowctl() {{
  local current="${{COMP_WORDS[COMP_CWORD]}}" previous="${{COMP_WORDS[COMP_CWORD-1]}}"
  case "$previous" in
    get|describe|watch) COMPREPLY=($(compgen -W "{1}" -- "$current")) ;;
    delete) COMPREPLY=($(compgen -W "service" -- "$current")) ;;
    -o|--output) COMPREPLY=($(compgen -W "table json yaml" -- "$current")) ;;
    -f|--file) COMPREPLY=($(compgen -f -- "$current")) ;;
    completion) COMPREPLY=($(compgen -W "bash zsh fish" -- "$current")) ;;
    shadowctl) COMPREPLY=($(compgen -W "{0} {2}" -- "$current")) ;;
    *) COMPREPLY=($(compgen -W "{2}" -- "$current")) ;;
  esac
}}
complete -F _shadowctl shadowctl
)",
                       kCommands, kNouns, kFlags);
  }
  if (shell == "zsh") {
    return fmt::format(R"(#compdef shadowctl
_shadowctl() {{
  case "$words[CURRENT-1]" in
    get|describe|watch) compadd {1} ;;
    delete) compadd service ;;
    -o|--output) compadd table json yaml ;;
    -f|--file) _files ;;
    completion) compadd bash zsh fish ;;
    shadowctl) compadd {0} ;;
    *) compadd -- {2} ;;
  esac
}}
compdef _shadowctl shadowctl
)",
                       kCommands, kNouns, kFlags);
  }
  if (shell == "fish") {
    return fmt::format(R"(complete -c shadowctl -f
complete -c shadowctl -n __fish_use_subcommand -a "{0}"
complete -c shadowctl -n "__fish_seen_subcommand_from get describe watch" -a "{1}"
complete -c shadowctl -n "__fish_seen_subcommand_from delete" -a service
complete -c shadowctl -n "__fish_seen_subcommand_from completion" -a "bash zsh fish"
complete -c shadowctl -s o -l output -x -a "table json yaml"
complete -c shadowctl -s f -l file -r -F
complete -c shadowctl -l address -x
complete -c shadowctl -l service -x
)",
                       kCommands, kNouns);
  }
  return InvalidArgument("no completion for '{}': bash, zsh or fish", shell);
}

}  // namespace shadowd::ctl
