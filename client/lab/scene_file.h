// What a back-test plays, from files: the service's YAML, the trace, and what the command line says of the
// instances and of the events.
#pragma once

#include <string>

#include "base/status.h"
#include "lab/simulate.h"
#include "sim/scene.h"

namespace shadowd::lab {

struct SceneArguments {
  SceneArguments();

  std::string service;       // "" = the one that is installed with the program
  std::string trace;         // see demand_file.h
  std::string value_column;  // "" = "value" or "rps"
  std::string from_service;  // whose demand, where the file holds that of several
  SceneOptions options;      // the name is the trace's
  double step_seconds = 15;
  sim::Scene draft;             // physics, as options give them
  double start_up_seconds = 0;  // 0 = the service's lead_time_prior
  double metric_delay_seconds = 0;
};

// Fills in `service` where it is "". Errors name the file.
StatusOr<sim::Scene> ReadScene(SceneArguments& arguments);

}  // namespace shadowd::lab
