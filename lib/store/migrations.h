// Brings a database file to the newest schema. A schema is the list of its steps, numbered from 1: the SQL
// files under schema/, embedded when this is built. The version is SQLite's user_version, which the
// transaction of a step sets with it, so that a crash leaves a whole version behind. A released step is never
// edited; a change is a new step.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "base/status.h"
#include "store/sqlite.h"

namespace shadowd::store {

std::span<const char* const> StateSchema();
std::span<const char* const> TelemetrySchema();

// In the file's header, so that neither file is taken for the other, nor a stranger's for ours.
inline constexpr int64_t kStateApplicationId = 0x73686473;      // "shds"
inline constexpr int64_t kTelemetryApplicationId = 0x73686474;  // "shdt"

// FAILED_PRECONDITION when the file is another program's or was written by a newer schema; it is not touched
// then. Before a file that holds data is upgraded, a copy of it is left at PATH.vN.bak, N being the version
// it had.
Status Migrate(Database& database, std::span<const char* const> schema, int64_t application_id);

}  // namespace shadowd::store
