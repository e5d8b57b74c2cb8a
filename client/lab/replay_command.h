// "shadow-lab replay": a daemon's journal through a control core of this build, and how the answer is told.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "base/status.h"
#include "sim/replay.h"

namespace CLI {
class App;
}

namespace shadowd::lab {

struct ReplayArguments {
  std::string journal;
  bool transitions = false;  // printed too
};

void AddReplayOptions(CLI::App& replay, ReplayArguments& arguments);

// Prints the answer. `differs` is what it comes to; for what is no journal, or a damaged one, the error names
// the file and the offset.
Status RunReplay(const ReplayArguments& arguments, bool json, bool& differs);

nlohmann::ordered_json ToJson(const sim::Replay& replay, bool with_transitions);
std::string ToText(const sim::Replay& replay, bool with_transitions);

}  // namespace shadowd::lab
