// The service of the demo in virtual time: a day of 180 s between 130 and 500 requests/s, 20 ms service time
// in four slots, ten seconds to start; version "2" makes each request 40 % dearer. Days of history are
// imported first, as the demo does.
#pragma once

#include <cmath>
#include <numbers>
#include <string>
#include <vector>

#include "sim/world.h"

namespace shadowd::sim {

inline const model::ServiceId kShop("shop");
inline constexpr double kDaySeconds = 180;

inline model::ServiceSpec DemoSpec(model::Mode mode, const std::string& version) {
  model::ServiceSpec spec;
  spec.id = kShop;
  spec.mode = mode;
  spec.version = version;
  spec.instance.argv = {"/bin/shop", "--port={port}", "--version=" + version};
  spec.instance.port_first = 9000;
  spec.instance.port_last = 9100;
  spec.instance.readiness.deadline = std::chrono::seconds(30);
  spec.bounds = {.min = 2,
                 .max = 8,
                 .step_out_max = 6,
                 .step_in_max = 3,
                 .cool_down_out = std::chrono::seconds(5),
                 .cool_down_in = std::chrono::seconds(20)};
  spec.slo = {
      .latency_quantile = 0.95, .latency_limit = std::chrono::milliseconds(100), .error_rate_max = 0.01};
  spec.forecast = {.resolution = std::chrono::seconds(1),
                   .seasons = {180},
                   .horizon_steps = 120,
                   .coverage = 0.95,
                   .hold = std::chrono::seconds(60)};
  spec.trial.deadline = std::chrono::seconds(20);
  spec.haproxy.socket = "/run/haproxy.sock";
  spec.haproxy.backend = "shop";
  spec.lead_time_prior = std::chrono::seconds(10);
  // The demo's hours are seconds: a minute over the SLO is dear next to a few shadow-seconds.
  spec.prices = {.currency = "USD", .instance_hour = 0.1, .shadow_hour = 0.03, .violation_per_minute = 1};
  return spec;
}

// Demand at a time since the start; negative times are history. Smooth noise of about 4 %.
inline double DemoDemand(double seconds, uint64_t seed) {
  const double phase = 2 * std::numbers::pi * (seconds / kDaySeconds);
  const double day = 130 + 370 * std::pow(0.5 * (1 - std::cos(phase)), 1.3);
  Rng noise(seed * 1'000'003 + static_cast<uint64_t>(static_cast<int64_t>(std::floor(seconds)) + 1'000'000));
  return day * (1 + 0.04 * noise.Normal());
}

inline PlantOptions DemoPlant(bool dearer) {
  PlantOptions plant;
  plant.service_ms = dearer ? 28 : 20;
  plant.cpu_ms = dearer ? 0.56 : 0.4;
  return plant;
}

inline WorldOptions DemoOptions(uint64_t seed) {
  WorldOptions options;
  options.seed = seed;
  options.demand_rps = [seed](double seconds) { return DemoDemand(seconds, seed); };
  options.versions["1"] = DemoPlant(false);
  options.versions["2"] = DemoPlant(true);
  return options;
}

// Three days of demand that ended just now, and what one instance showed at the loads it saw.
inline ports::ImportHistory DemoHistory(const World& world, uint64_t seed) {
  ports::ImportHistory history;
  const WallTime end = world.now().wall;
  const double now = ToSeconds(world.now().mono.time_since_epoch());
  for (double back = 3 * kDaySeconds; back >= 1; back -= 1) {
    history.demand_rps.emplace_back(end - FromSeconds(back), DemoDemand(now - back, seed + 77));
  }
  int at = 0;
  for (const double load : {40.0, 65.0, 90.0, 110.0, 125.0, 135.0, 145.0, 155.0}) {
    Plant plant(DemoPlant(false), Rng(seed * 31 + static_cast<uint64_t>(load)));
    Arrivals arrivals(load, MonoTime(), Rng(seed * 37 + static_cast<uint64_t>(load)));
    const MonoTime until(std::chrono::seconds(60));
    while (arrivals.Peek() < until) {
      plant.Offer(arrivals.Take());
    }
    const model::KpiWindow window = plant.Collect(until, WallTime());
    model::CapacityPoint point;
    point.at = end - std::chrono::seconds(600 - 60 * at++);
    point.source = model::KpiSource::kProduction;
    point.instances = 3;
    point.load_rps = load;
    point.requests = static_cast<double>(window.completed);
    point.p50_us = control::QuantileOf(window.latency_us, 0.5);
    point.p95_us = control::QuantileOf(window.latency_us, 0.95);
    point.p99_us = control::QuantileOf(window.latency_us, 0.99);
    point.cpu_cores = window.cpu_seconds / 60;
    point.memory_bytes = window.memory_bytes;
    history.points.push_back(point);
  }
  return history;
}

}  // namespace shadowd::sim
