// Answers of the offline commands: one JSON object for scripts (DESIGN's field names), a text for people. A
// value that is not a finite number is null. Pure functions.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "lab/analyze.h"
#include "lab/capacity_fit.h"
#include "lab/evaluate.h"

namespace shadowd::lab {

nlohmann::ordered_json ToJson(const Evaluation& evaluation);
nlohmann::ordered_json ToJson(const CapacityAnswer& answer, const CapacityQuestion& question);
nlohmann::ordered_json ToJson(const Analysis& analysis, bool with_limit);

std::string ToText(const Evaluation& evaluation);
std::string ToText(const CapacityAnswer& answer, const CapacityQuestion& question);
std::string ToText(const Analysis& analysis, bool with_limit);

// Null for nothing and for what is not finite.
nlohmann::ordered_json Number(std::optional<double> value);

}  // namespace shadowd::lab
