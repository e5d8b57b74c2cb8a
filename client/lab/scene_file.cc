#include "lab/scene_file.h"

#include <unistd.h>

#include "config/service_file.h"
#include "input/input_file.h"
#include "lab/demand_file.h"

namespace shadowd::lab {
namespace {

std::string OwnFolder() {
  std::string path(4096, '\0');
  const ssize_t length = ::readlink("/proc/self/exe", path.data(), path.size());
  path.resize(length > 0 ? static_cast<size_t>(length) : 0);
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? std::string(".") : path.substr(0, slash);
}

// The service that is played when no other is named: installed beside the program's documents, or in the
// source tree that it was built from.
StatusOr<std::string> DefaultService() {
  const std::string installed = OwnFolder() + "/../" + SHADOWD_EXAMPLES + "/simulate/service.yaml";
  for (const std::string& path : {installed, std::string(SHADOWD_SOURCE_SERVICE)}) {
    if (::access(path.c_str(), R_OK) == 0) {
      return path;
    }
  }
  return NotFound("the service to play is not installed ({}); name one with --service", installed);
}

}  // namespace

SceneArguments::SceneArguments() {
  draft.plant.cpu_ms = draft.plant.service_ms;  // work, not waiting
}

StatusOr<sim::Scene> ReadScene(SceneArguments& a) {
  if (a.service.empty()) {
    SHADOWD_ASSIGN_OR_RETURN(a.service, DefaultService());
  }
  SHADOWD_ASSIGN_OR_RETURN(const std::string yaml, input::ReadInput(a.service));
  SHADOWD_ASSIGN_OR_RETURN(a.draft.spec, config::ParseServiceSpec(yaml, a.service));
  a.draft.start_up = a.start_up_seconds > 0 ? FromSeconds(a.start_up_seconds) : a.draft.spec.lead_time_prior;
  a.draft.metric_delay = FromSeconds(a.metric_delay_seconds);
  a.options.step = FromSeconds(a.step_seconds);
  SHADOWD_ASSIGN_OR_RETURN(const Demand demand, ReadDemandFile({.path = a.trace,
                                                                .value_column = a.value_column,
                                                                .service = a.from_service,
                                                                .step = a.options.step}));
  a.options.name = demand.name;
  return MakeScene(a.draft, demand.samples, a.options);
}

}  // namespace shadowd::lab
