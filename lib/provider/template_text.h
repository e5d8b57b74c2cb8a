// Placeholders in a template's text: {port}, {id}, {role}, {version}; "{{" and "}}" stand for the braces
// themselves. Pure.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/status.h"

namespace shadowd::provider {

// INVALID_ARGUMENT with the given field for an unknown placeholder, a lone brace or a NUL byte.
StatusOr<std::string> FillIn(std::string_view text, const std::map<std::string, std::string>& values,
                             const std::string& field);

}  // namespace shadowd::provider
