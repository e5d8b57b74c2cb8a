// Past measurements of the demo's service, as a user would import them: made by simulation.
#pragma once

#include <ctime>
#include <vector>

#include "control/emergency.h"
#include "shadowd/client.h"
#include "sim/arrivals.h"
#include "sim/plant.h"

namespace shadowd::e2e {

// What one replica of this service time shows at some loads, by simulation.
inline std::vector<v1::CapacityPoint> PointsOf(double service_ms, double capacity_rps) {
  std::vector<v1::CapacityPoint> points;
  const double now = static_cast<double>(::time(nullptr));
  for (const double share : {0.2, 0.35, 0.5, 0.65, 0.75, 0.85}) {
    const double load = share * capacity_rps;
    sim::PlantOptions options;
    options.service_ms = service_ms;
    options.slots = 8;
    options.cpu_ms = 0.3;
    sim::Plant plant(options, Rng(static_cast<uint64_t>(load)));
    sim::Arrivals arrivals(load, MonoTime(), Rng(static_cast<uint64_t>(load) + 1));
    const MonoTime until(std::chrono::seconds(60));
    while (arrivals.Peek() < until) {
      plant.Offer(arrivals.Take());
    }
    const model::KpiWindow window = plant.Collect(until, WallTime());
    v1::CapacityPoint& point = points.emplace_back();
    point.mutable_time()->set_seconds(static_cast<int64_t>(now) - 600 + static_cast<int64_t>(60 * share));
    point.set_source(v1::CapacityPoint::PRODUCTION);
    point.set_instances(2);
    point.set_load_rps(load);
    point.set_requests(static_cast<double>(window.completed));
    point.set_p50_us(control::QuantileOf(window.latency_us, 0.5));
    point.set_p95_us(control::QuantileOf(window.latency_us, 0.95));
    point.set_p99_us(control::QuantileOf(window.latency_us, 0.99));
    point.set_cpu_cores(window.cpu_seconds / 60);
  }
  return points;
}

}  // namespace shadowd::e2e
