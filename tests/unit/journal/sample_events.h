// One event of every kind with no member at its default, seeded where the type is rich, and a way to compare
// what came back.
#pragma once

#include <vector>

#include "ports/event.h"

namespace shadowd::journal {

std::vector<ports::Event> SampleEvents(uint64_t seed);

// Every member of the payload; a ForecastFitted is equal to any other, since its fit is not written.
bool Same(const ports::Payload& a, const ports::Payload& b);

}  // namespace shadowd::journal
