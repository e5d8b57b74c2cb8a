// Plays a scene with the control core of the daemon, unchanged, in a World: production at window level,
// shadows request by request. Two policies of the same code: shadowd as the spec says, and what is left of it
// without trials and without the emergency path, with one curve that keeps learning from production. The core
// hears what its measurer would have told it and nothing of the trace to come. Pure and seeded.
#pragma once

#include "sim/load_table.h"
#include "sim/play.h"
#include "sim/scene.h"

namespace shadowd::sim {

enum class CorePlayPolicy { kShadowd, kForecastOnly };
const char* CorePlayPolicyName(CorePlayPolicy policy);  // "shadowd", "forecast-only"

// The scene must have passed CheckScene; the table covers its plant; `initial` instances serve at the start.
Play PlayCore(const Scene& scene, CorePlayPolicy policy, LoadTable& table, int initial);
// With a table of its own, started as all plays of the scene are.
Play PlayCore(const Scene& scene, CorePlayPolicy policy);

}  // namespace shadowd::sim
