// The back-test: one history under many scaling policies, over one or more seeds, and what each comes to.
// Makes the scene from samples and a service; the plays themselves are lib/sim's. Pure but for the clock
// handed in.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/status.h"
#include "sim/play.h"
#include "sim/scene.h"
#include "sim/scorecard.h"
#include "sim/trace.h"

namespace shadowd::lab {

struct SceneOptions {
  std::string name = {};
  Micros step = std::chrono::seconds(15);
  double peak_rps = 2000;  // the trace is scaled to this maximum; 0 = stays as it is
  double history_share = 0.5;
  Micros played_max{0};                  // the last of a longer history; 0 = all after its share
  std::vector<std::string> events = {};  // "deploy:50%:+30%", see sim/trace.h
};

// `draft` carries the service and its physics; history, trace and events are filled in.
StatusOr<sim::Scene> MakeScene(sim::Scene draft, std::span<const sim::TraceSample> samples,
                               const SceneOptions& options);

struct PolicyName {
  const char* name;
  const char* meaning;
};
std::span<const PolicyName> KnownPolicies();

struct SimulateOptions {
  // Names of KnownPolicies; those with a CPU target may carry one: "hpa:0.7".
  std::vector<std::string> policies = {};
  uint64_t seed = 1;
  int seeds = 1;
};

struct PolicyOutcome {
  std::string name = {};
  std::optional<double> target = {};  // of the CPU request, where it was tuned in hindsight
  sim::Summary summary = {};          // over the seeds
  sim::Play play = {};                // of the first seed
  double seconds_to_play = 0;         // mean, of the clock; without the tuning
};

struct Simulation {
  std::vector<PolicyOutcome> outcomes;  // in the order asked for
  std::vector<int> needed;              // instances a step, by who knows everything
  std::vector<double> holds_rps;        // a step: what one instance holds then, where `needed` of them run
  std::vector<std::string> warnings;    // what to know before believing the figures
};

using Seconds = std::function<double()>;

// INVALID_ARGUMENT for a policy that is not known and a scene that cannot be played.
StatusOr<Simulation> Simulate(const sim::Scene& scene, const SimulateOptions& options, const Seconds& clock);

}  // namespace shadowd::lab
