// Fills in the placeholders of a template's text; model/template_text.h says what is one. Pure.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/status.h"

namespace shadowd::provider {

// `values` by placeholder. INVALID_ARGUMENT with the given field for one that has no value, or a NUL byte.
StatusOr<std::string> FillIn(std::string_view text, const std::map<std::string, std::string>& values,
                             const std::string& field);

}  // namespace shadowd::provider
