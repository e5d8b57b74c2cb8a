// How advice is told: JSON for scripts, a table and the YAML to paste for people. Pure functions.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "lab/suggest.h"

namespace shadowd::lab {

// advised, verdict, changes [{setting, now, proposed, per_30_days {..}}], now and proposed {whole,
// first_half, second_half {..}}, yaml. Where nothing is advised `changes` is empty and `dismissed` holds what
// was found.
nlohmann::ordered_json ToJson(const Suggestion& suggestion, const std::string& currency);
std::string ToText(const Suggestion& suggestion, const std::string& currency);

}  // namespace shadowd::lab
