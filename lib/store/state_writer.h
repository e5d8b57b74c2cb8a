// Writes the mutations of the control core into state.db, one row each, within the caller's transaction. On
// the writer thread.
#pragma once

#include <cstdint>

#include "base/status.h"
#include "ports/outcome.h"
#include "store/sqlite.h"

namespace shadowd::store {

// Demand goes to telemetry.db, and forecasts nowhere.
bool GoesToState(const ports::Change& change);

// INVALID_ARGUMENT when the resource cannot be kept (no id, an id that makes no name).
Status ApplyToState(Database& state, const ports::Mutation& mutation, int64_t revision);

}  // namespace shadowd::store
