// Whether a scene can be played, and where its plays start. Pure functions; errors name the part that is
// wrong and what is allowed.
#pragma once

#include <optional>
#include <string>

#include "base/status.h"
#include "sim/capacity_table.h"
#include "sim/scene.h"

namespace shadowd::sim {

// Where every play of the scene starts: what holds the demand of the last hour of history (of the first step
// when there is none), within the bounds. They have served for long.
int InitialLevel(const Scene& scene, CapacityTable& capacity);

// Whether the scene can be played at all: plant, bounds, step, events in order and inside, an SLO that an
// instance can hold. Errors name the part.
Status CheckScene(const Scene& scene);
// And whether the SLO can be held by any number of instances, by the capacity table of a checked scene.
Status CheckSlo(const Scene& scene, CapacityTable& capacity);
// A sentence for the reader when the demand at some step is more than bounds.max instances hold.
std::optional<std::string> CapacityWarning(const Scene& scene, CapacityTable& capacity);

}  // namespace shadowd::sim
