// What a back-test plays: a service, the physics of its instances, its past demand, the demand to come and
// what happens meanwhile. A plain value: the same scene and seed give the same play, whatever the policy.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/time.h"
#include "model/service.h"
#include "sim/plant.h"

namespace shadowd::sim {

// Demand at even steps. Values are requests per second >= 0, NaN = not known (a gap).
struct Trace {
  std::string name;
  WallTime start;
  Micros step = std::chrono::seconds(15);
  std::vector<double> demand_rps;

  Micros length() const { return step * static_cast<int64_t>(demand_rps.size()); }
  bool operator==(const Trace&) const = default;
};

enum class SceneEventKind {
  kDeploy,   // from here on each request costs `size` times as much time and CPU (1.3 = +30 %)
  kFlash,    // demand is multiplied by `size` for `duration`, ramping up and down over a fifth of it
  kShift,    // demand is multiplied by `size` from here on
  kFailure,  // `size` instances die at once
  kOutage,   // no metrics arrive for `duration`
};
const char* SceneEventName(SceneEventKind kind);  // "deploy" ...

struct SceneEvent {
  SceneEventKind kind = SceneEventKind::kDeploy;
  Micros at{0};  // since the start of the play
  double size = 1;
  Micros duration{0};
  bool operator==(const SceneEvent&) const = default;
};

struct Scene {
  model::ServiceSpec spec;                     // version, SLO, bounds, prices, forecast and trial settings
  PlantOptions plant;                          // of one instance before any deploy
  std::vector<SceneEvent> events;              // ascending
  Trace history;                               // ended just before the play; policies may learn from it
  Trace trace;                                 // what is played
  Micros start_up = std::chrono::seconds(60);  // from the order of an instance to its first request
  double start_up_cv = 0.1;                    // spread of it
  double start_failure = 0;                    // probability that a start fails; it is tried again
  Micros metric_delay{0};                      // until a window reaches the policy
  double metric_loss = 0;                      // probability that a window is lost
  // Time in a slot grows by this share for each further instance that runs: a dependency they share.
  double contention = 0;
  uint64_t seed = 1;
};

}  // namespace shadowd::sim
