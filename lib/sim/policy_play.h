// Plays a scene at window level under a simple policy: instances that take their time to start and may fail
// to, die on failures and are replaced, metrics that come late or not at all, versions that cost more. Each
// step: events, instances that became ready, metrics that arrived, the policy, then a window of traffic.
// Changes take effect at the start of a step. A deploy reaches all instances at once (a rolling replacement
// that is shorter than a few steps). Bounds of the spec hold for every policy. A drained instance is paid for
// one more step. Pure and seeded; the policy sees nothing of the trace but what has arrived.
#pragma once

#include "base/status.h"
#include "sim/capacity_table.h"
#include "sim/load_table.h"
#include "sim/play.h"
#include "sim/policy.h"
#include "sim/scene.h"

namespace shadowd::sim {

// Where every play of the scene starts: what holds the demand of the last hour of history (of the first step
// when there is none), within the bounds. They have served for long.
int InitialLevel(const Scene& scene, CapacityTable& capacity);

// Whether the scene can be played at all: bounds, step, events in order and inside, an SLO that bounds.max
// instances hold for at least some of the demand. Errors name the part.
Status CheckScene(const Scene& scene, CapacityTable& capacity);

// The scene must have passed CheckScene. `initial` from InitialLevel.
Play PlayPolicy(const Scene& scene, Policy& policy, LoadTable& table, int initial);

}  // namespace shadowd::sim
