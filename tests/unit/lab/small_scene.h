// A scene of a few hours that plays quickly: demand that rises and falls once.
#pragma once

#include <cmath>
#include <vector>

#include "lab/simulate.h"

namespace shadowd::lab {

inline std::vector<sim::TraceSample> SmallHistory(int hours = 8) {
  std::vector<sim::TraceSample> samples;
  for (int i = 0; i <= hours * 60; ++i) {
    const double phase = 2 * 3.14159265 * i / 240;
    samples.push_back(
        {WallFromMicros(1'700'000'000'000'000) + std::chrono::minutes(i), 600 - 400 * std::cos(phase)});
  }
  return samples;
}

inline sim::Scene SmallDraft() {
  sim::Scene draft;
  draft.spec.id = model::ServiceId("shop");
  draft.spec.bounds = {.min = 2, .max = 40, .step_out_max = 20, .step_in_max = 4};
  draft.spec.forecast.resolution = std::chrono::minutes(1);
  draft.spec.instance.argv = {"/bin/true"};
  draft.spec.instance.port_first = 20000;
  draft.spec.instance.port_last = 20199;
  draft.plant.cpu_ms = draft.plant.service_ms;
  return draft;
}

}  // namespace shadowd::lab
