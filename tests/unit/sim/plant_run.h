// What tests of the curve and of the analysis need of a plant: windows of a second at a load, and the
// capacity points production would have left behind.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "sim/arrivals.h"
#include "sim/plant.h"

namespace shadowd::sim {

inline PlantOptions DemoPlant(bool deployed) {
  PlantOptions options;
  options.service_ms = deployed ? 28 : 20;
  options.cpu_ms = deployed ? 0.56 : 0.4;
  return options;
}

inline WallTime At(int second) {
  return WallTime(std::chrono::seconds(1'700'000'000 + second));
}

inline std::vector<model::KpiWindow> RunPlant(const PlantOptions& options, double rate, int seconds,
                                              uint64_t seed) {
  Rng rng(seed);
  Plant plant(options, rng.Fork());
  Arrivals arrivals(rate, MonoTime{}, rng.Fork());
  std::vector<model::KpiWindow> windows;
  for (int s = 1; s <= seconds; ++s) {
    const MonoTime until{std::chrono::seconds(s)};
    while (arrivals.Peek() < until) {
      plant.Offer(arrivals.Take());
    }
    windows.push_back(plant.Collect(until, At(s - 1)));
  }
  return windows;
}

inline double SampleQuantile(std::vector<uint32_t> values, double p) {
  std::sort(values.begin(), values.end());
  return values.empty() ? -1.0 : values[static_cast<size_t>(p * static_cast<double>(values.size() - 1))];
}

// One point out of all these windows of one instance.
inline model::CapacityPoint PointOf(const std::vector<model::KpiWindow>& windows, const std::string& version,
                                    model::KpiSource source = model::KpiSource::kProduction) {
  model::CapacityPoint point;
  std::vector<uint32_t> latency;
  double seconds = 0, cpu = 0, memory = 0, offered = 0, completed = 0, errors = 0;
  for (const model::KpiWindow& window : windows) {
    latency.insert(latency.end(), window.latency_us.begin(), window.latency_us.end());
    seconds += ToSeconds(window.length);
    cpu += window.cpu_seconds;
    memory += window.memory_bytes;
    offered += static_cast<double>(window.offered);
    completed += static_cast<double>(window.completed);
    errors += static_cast<double>(window.errors);
  }
  point.at = windows.back().start;
  point.version = version;
  point.source = source;
  point.instances = 4;
  point.load_rps = offered / seconds;
  point.requests = completed;
  point.p50_us = SampleQuantile(latency, 0.5);
  point.p95_us = SampleQuantile(latency, 0.95);
  point.p99_us = SampleQuantile(latency, 0.99);
  point.throughput_ratio = std::min(completed / offered, 1.0);
  point.error_rate = errors / completed;
  point.cpu_cores = cpu / seconds;
  point.memory_bytes = memory / static_cast<double>(windows.size());
  return point;
}

// Points of a demand that wanders between two loads per instance, one a `seconds`.
inline std::vector<model::CapacityPoint> ProductionPoints(const PlantOptions& options, double low,
                                                          double high, int count, int seconds, uint64_t seed,
                                                          const std::string& version) {
  std::vector<model::CapacityPoint> points;
  for (int i = 0; i < count; ++i) {
    const double load = low + (high - low) * i / std::max(count - 1, 1);
    std::vector<model::KpiWindow> windows =
        RunPlant(options, load, seconds + 2, seed * 1000 + static_cast<uint64_t>(i));
    windows.erase(windows.begin(), windows.begin() + 2);
    points.push_back(PointOf(windows, version));
  }
  return points;
}

}  // namespace shadowd::sim
