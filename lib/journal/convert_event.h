// An event of the core between the domain and a journal's step. Pure functions, any thread. Nothing is lost
// but the fit of a ForecastFitted, which is not written; DATA_LOSS or INVALID_ARGUMENT for a step that holds
// no event of this version.
#pragma once

#include "base/status.h"
#include "ports/event.h"
#include "shadowd/v1/journal.pb.h"

namespace shadowd::journal {

void ToProto(const ports::Event& event, v1::JournalStep* out);
StatusOr<ports::Event> FromProto(const v1::JournalStep& in);

}  // namespace shadowd::journal
