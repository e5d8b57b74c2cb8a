// Writing to standard output: messages as JSON or YAML with the field names of the API; tables are table.h.
#pragma once

#include <google/protobuf/message.h>

#include <nlohmann/json.hpp>
#include <string>

#include "session.h"
#include "table.h"

namespace shadowd::ctl {

nlohmann::ordered_json ToJson(const google::protobuf::Message& message);
std::string ToYaml(const nlohmann::ordered_json& value);
// As the session wants it: indented JSON or a YAML document. Not for tables.
void PrintValue(const nlohmann::ordered_json& value, Output output);
// One line of JSON, or one YAML document of a stream.
void PrintEvent(const nlohmann::ordered_json& value, Output output);

// "3m", "2h", "5d" since a time; "-" for none.
std::string Age(int64_t unix_seconds);
std::string Clock(int64_t unix_seconds);  // "2026-01-31 12:00:05Z"

}  // namespace shadowd::ctl
