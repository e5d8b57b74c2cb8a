// Scenes that several tests play: the default service under a made-up demand.
#pragma once

#include <cmath>
#include <numbers>
#include <vector>

#include "sim/scene.h"

namespace shadowd::sim {

inline Scene SceneOf(std::vector<double> demand_rps, std::vector<double> history_rps = {}) {
  Scene scene;
  scene.spec.bounds = {.min = 1, .max = 40};
  scene.start_up_cv = 0;
  scene.trace.step = scene.history.step = std::chrono::seconds(15);
  scene.trace.start = WallTime(std::chrono::hours(24 * 365 * 50));
  scene.history.start = scene.trace.start - scene.history.step * static_cast<int64_t>(history_rps.size());
  scene.trace.demand_rps = std::move(demand_rps);
  scene.history.demand_rps = std::move(history_rps);
  return scene;
}

// Days between 400 and 2000 requests per second, lowest at the start.
inline std::vector<double> Days(double days) {
  std::vector<double> demand;
  for (int i = 0; i < static_cast<int>(days * 5760); ++i) {
    demand.push_back(1200 - 800 * std::cos(2 * std::numbers::pi * i / 5760));
  }
  return demand;
}

}  // namespace shadowd::sim
