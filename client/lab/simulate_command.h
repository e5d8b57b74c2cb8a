// "shadow-lab simulate": its options, the files it reads and writes, and its answer.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "base/status.h"
#include "lab/scene_file.h"
#include "lab/simulate.h"
#include "sim/scene.h"

namespace CLI {
class App;
}

namespace shadowd::lab {

struct SimulateArguments {
  SceneArguments scene;
  SimulateOptions simulate;
  bool suggest = false;
  std::string html, plot;
};

void AddSimulateOptions(CLI::App& simulate, SimulateArguments& arguments);
Status RunSimulate(SimulateArguments& arguments, bool json);

// policies {name: {slo_violation_minutes, ...}}; with several seeds each figure is their mean, and
// `intervals` has the 90 % interval of each.
nlohmann::ordered_json ToJson(const sim::Scene& scene, const Simulation& simulation,
                              const SimulateOptions& options);
std::string ToText(const sim::Scene& scene, const Simulation& simulation);

}  // namespace shadowd::lab
