#include "sim/policy.h"

#include "sim/window_plant.h"

namespace shadowd::sim {

InstanceFacts FactsOf(const Scene& scene) {
  return {CpuRequestCores(scene.plant), scene.plant.cpu_ms * 1e-3};
}

}  // namespace shadowd::sim
