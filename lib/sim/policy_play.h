// Plays a scene at window level under a simple policy: instances that take their time to start and may fail
// to, die on failures and are replaced, metrics that come late or not at all, versions that cost more. Each
// step: events, instances that became ready, metrics that arrived, the policy, then a window of traffic.
// Changes take effect at the start of a step. A deploy reaches all instances at once (a rolling replacement
// that is shorter than a few steps). Bounds of the spec hold for every policy. A drained instance is paid for
// one more step. Pure and seeded; the policy sees nothing of the trace but what has arrived.
#pragma once

#include "sim/load_table.h"
#include "sim/play.h"
#include "sim/policy.h"
#include "sim/scene.h"
#include "sim/scene_check.h"

namespace shadowd::sim {

// The scene must have passed both checks. `initial` from InitialLevel.
Play PlayPolicy(const Scene& scene, Policy& policy, LoadTable& table, int initial);

}  // namespace shadowd::sim
