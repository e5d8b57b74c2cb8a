// A reading with demand as the event that reported samples are too. Any thread.
#pragma once

#include "kpi/reading.h"
#include "ports/event.h"

namespace shadowd::io {

// A window of production where it is known how many instances serve; else demand alone, for all else is per
// instance.
ports::Payload EventOf(const kpi::Reading& reading);

}  // namespace shadowd::io
