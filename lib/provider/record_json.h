// The record as a JSON value, for those who put it inside another one. Needs nlohmann's header, so only .cc
// files of this folder include it. Pure.
#pragma once

#include <nlohmann/json.hpp>

#include "provider/replica_record.h"

namespace shadowd::provider {

nlohmann::json RecordToJson(const ReplicaRecord& record);
StatusOr<ReplicaRecord> RecordFromJson(const nlohmann::json& value);

// Parses bounded outside text without exceptions; INVALID_ARGUMENT unless it is one JSON object.
StatusOr<nlohmann::json> ParseObject(std::string_view text, std::string_view what);

// Read one member; the first failure is kept in `status` and later reads do nothing.
void ReadMember(const nlohmann::json& object, const char* name, std::string& value, Status& status);
void ReadMember(const nlohmann::json& object, const char* name, int64_t& value, Status& status);
void ReadMember(const nlohmann::json& object, const char* name, bool& value, Status& status);

}  // namespace shadowd::provider
