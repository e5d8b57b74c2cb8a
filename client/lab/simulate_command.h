// "shadow-lab simulate": its options, the files it reads and writes, and its answer.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "base/status.h"
#include "lab/simulate.h"
#include "sim/scene.h"

namespace CLI {
class App;
}

namespace shadowd::lab {

struct SimulateArguments {
  std::string service, trace, value_column, html, plot;
  SceneOptions scene;
  double step_seconds = 15;
  sim::Scene draft;             // physics, as options give them
  double start_up_seconds = 0;  // 0 = the service's lead_time_prior
  double metric_delay_seconds = 0;
  SimulateOptions simulate;
};

void AddSimulateOptions(CLI::App& simulate, SimulateArguments& arguments);
Status RunSimulate(SimulateArguments& arguments, bool json);

// policies {name: {slo_violation_minutes, ...}}; with several seeds each figure is their mean, and
// `intervals` has the 90 % interval of each.
nlohmann::ordered_json ToJson(const sim::Scene& scene, const Simulation& simulation,
                              const SimulateOptions& options);
std::string ToText(const sim::Scene& scene, const Simulation& simulation);

}  // namespace shadowd::lab
