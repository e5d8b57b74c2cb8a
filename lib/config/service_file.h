// Service specifications from YAML files: parsed, checked against the field rules and validated. Every error
// is "file:line: ..." and names its field. Pure functions, any thread.
#pragma once

#include <string_view>
#include <vector>

#include "base/status.h"
#include "model/service.h"

namespace shadowd::v1 {
class Service;
}

namespace shadowd::config {

// A text with exactly one document.
StatusOr<model::ServiceSpec> ParseServiceSpec(std::string_view yaml, std::string_view file);
// One or more documents, all good or none; a service may appear once.
StatusOr<std::vector<model::ServiceSpec>> ParseServiceSpecs(std::string_view yaml, std::string_view file);

// The same checks, but the message with only the fields that the file gives, for update masks. "name: web"
// becomes services/web.
StatusOr<v1::Service> ParseServiceProto(std::string_view yaml, std::string_view file);
StatusOr<std::vector<v1::Service>> ParseServiceProtos(std::string_view yaml, std::string_view file);

}  // namespace shadowd::config
