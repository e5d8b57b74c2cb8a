#include "sim/scene_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "sim/trace.h"

namespace shadowd::sim {
namespace {

Status Wrong(const char* field, const std::string& what) {
  return WithField(InvalidArgument("{}", what), field);
}

}  // namespace

int InitialLevel(const Scene& scene, CapacityTable& capacity) {
  double most = 0;
  const auto hour = static_cast<size_t>(std::chrono::hours(1) / std::max(scene.history.step, Micros(1)));
  const std::vector<double>& past = scene.history.demand_rps;
  for (size_t i = past.size() - std::min(hour, past.size()); i < past.size(); ++i) {
    most = std::fmax(most, past[i]);  // ignores gaps
  }
  if (most <= 0) {
    most = WithEvents(scene.trace, {}).demand_rps.front();
  }
  const model::Bounds& bounds = scene.spec.bounds;
  return capacity.SmallestLevel(most, 1, bounds.min, bounds.max).level;
}

Status CheckScene(const Scene& scene) {
  const model::Bounds& bounds = scene.spec.bounds;
  const PlantOptions& plant = scene.plant;
  if (bounds.min < 1 || bounds.max < bounds.min) {
    return Wrong("bounds", fmt::format("bounds are {} to {}; min must be at least 1 and max at least min",
                                       bounds.min, bounds.max));
  }
  if (plant.slots < 1 || !(plant.service_ms > 0) || !(plant.service_cv >= 0) || !(plant.cpu_ms > 0) ||
      plant.queue_max < 0) {
    return Wrong("plant",
                 "an instance needs at least one slot, a service time and a CPU time above 0, a spread and a "
                 "queue of at least 0");
  }
  if (scene.trace.step <= Micros(0) || scene.trace.demand_rps.empty()) {
    return Wrong("trace", "there is nothing to play");
  }
  if (!scene.history.demand_rps.empty() && scene.history.step != scene.trace.step) {
    return Wrong("history", "history and play have different steps");
  }
  if (!(scene.contention >= 0) || !(scene.start_failure >= 0 && scene.start_failure <= 0.9) ||
      !(scene.metric_loss >= 0 && scene.metric_loss <= 1) || scene.start_up < Micros(0) ||
      scene.metric_delay < Micros(0)) {
    return Wrong("scene",
                 "contention, start-up and metric delay must be at least 0, the share of failing starts at "
                 "most 0.9, of lost metrics at most 1");
  }
  Micros last{0};
  for (const SceneEvent& event : scene.events) {
    if (event.at < last || event.at >= scene.trace.length()) {
      return Wrong("event",
                   fmt::format("{} at {:.4g} h is out of order or outside of what is played ({:.4g} h)",
                               SceneEventName(event.kind), ToSeconds(event.at) / 3600,
                               ToSeconds(scene.trace.length()) / 3600));
    }
    last = event.at;
  }
  return Status();
}

Status CheckSlo(const Scene& scene, CapacityTable& capacity) {
  const model::Bounds& bounds = scene.spec.bounds;
  if (capacity.MaxDemand(bounds.min, 1) > 0 || capacity.MaxDemand(bounds.max, 1) > 0) {
    return Status();
  }
  return WithReason(
      Wrong("slo", fmt::format("no number of instances holds a p{:.0f} of {:.4g} ms: one request takes "
                               "{:.4g} ms in the mean when nothing else runs",
                               100 * scene.spec.slo.latency_quantile,
                               ToSeconds(scene.spec.slo.latency_limit) * 1e3, scene.plant.service_ms)),
      "SLO_UNREACHABLE");
}

std::optional<std::string> CapacityWarning(const Scene& scene, CapacityTable& capacity) {
  const Trace demand = WithEvents(scene.trace, scene.events);
  const int most = scene.spec.bounds.max;
  int64_t beyond = 0;
  double peak = 0;
  for (size_t i = 0; i < demand.demand_rps.size(); ++i) {
    const double rps = demand.demand_rps[i];
    const double factor = CostFactor(scene.events, demand.step * static_cast<int64_t>(i));
    peak = std::max(peak, rps);
    beyond += rps > capacity.MaxDemand(most, factor) ? 1 : 0;
  }
  if (beyond == 0) {
    return std::nullopt;
  }
  return fmt::format(
      "for {:.1f} minutes demand is more than bounds.max = {} instances hold within the SLO (it peaks at "
      "{:.0f} requests/s); no policy can help there",
      static_cast<double>(beyond) * ToSeconds(demand.step) / 60, most, peak);
}

}  // namespace shadowd::sim
