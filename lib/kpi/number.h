// Numbers and excerpts of what others write. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace shadowd::kpi {

// The whole text as a number: "1.5e3", "NaN", "+Inf", "-Inf".
std::optional<double> ParseDouble(std::string_view text);

// The beginning of foreign bytes as they may be shown in a message: at most 80, printable ASCII.
std::string Excerpt(std::string_view text);

}  // namespace shadowd::kpi
