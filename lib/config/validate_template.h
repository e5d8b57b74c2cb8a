// The part of validation that is about starting replicas; see validate_service.h. Pure functions, any thread.
#pragma once

#include <string_view>

#include "base/status.h"
#include "model/service.h"

namespace shadowd::config {

// `field` is the path in front, "instance".
Status ValidateTemplate(const model::InstanceTemplate& instance, std::string_view field);
Status ValidateEnvironment(const std::map<std::string, std::string>& environment, std::string_view field);
// Every placeholder must be {port}, {id}, {role} or {version}; see model/template_text.h for the braces.
Status ValidatePlaceholders(std::string_view text, std::string_view field);

}  // namespace shadowd::config
