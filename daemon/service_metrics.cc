#include "daemon/service_metrics.h"

#include <prometheus/gauge.h>
#include <prometheus/registry.h>
#include <spdlog/spdlog.h>

#include <map>
#include <mutex>
#include <utility>
#include <vector>

#include "control/emergency.h"
#include "daemon/io/data_plane.h"

namespace shadowd::daemon {

using Gauges = prometheus::Family<prometheus::Gauge>;

struct ServiceMetrics::Families {
  explicit Families(prometheus::Registry& registry)
      : demand(Make(registry, "shadowd_service_demand_rps", "Requests per second that the balancer took.")),
        latency(
            Make(registry, "shadowd_service_latency_seconds", "Latency in the last window, by quantile.")),
        errors(Make(registry, "shadowd_service_error_ratio", "Errors over answers in the last window.")),
        serving(Make(registry, "shadowd_service_serving", "Servers UP in the balancer.")),
        cpu(Make(registry, "shadowd_service_cpu_cores", "CPU of all instances together.")),
        memory(Make(registry, "shadowd_service_memory_bytes", "Resident memory of all instances together.")),
        mirror(Make(
            registry, "shadowd_mirror_requests",
            "Requests of the mirror since the service's traffic was first set, by what became of them.")),
        completeness(Make(registry, "shadowd_mirror_completeness",
                          "Share of production's requests that were, or could have been, mirrored.")) {}

  static Gauges& Make(prometheus::Registry& registry, const char* name, const char* help) {
    return prometheus::BuildGauge().Name(name).Help(help).Register(registry);
  }
  void Set(Gauges& family, const model::ServiceId& service, prometheus::Labels labels, double value) {
    labels["service"] = service.str();
    prometheus::Gauge& gauge = family.Add(labels);
    gauge.Set(value);
    added[service][&gauge] = &family;
  }

  Gauges &demand, &latency, &errors, &serving, &cpu, &memory, &mirror, &completeness;
  std::mutex mutex;
  std::map<model::ServiceId, std::map<prometheus::Gauge*, Gauges*>> added;
};

void LogObserved(const model::ServiceId& service, const Status& status) {
  if (status.ok()) {
    spdlog::info("service={} production=observed", service);
  } else {
    spdlog::warn("service={} production=unreadable error=\"{}\"", service, MessageOf(status));
  }
}

ServiceMetrics::ServiceMetrics(prometheus::Registry& registry)
    : families_(std::make_unique<Families>(registry)) {}

ServiceMetrics::~ServiceMetrics() = default;

void ServiceMetrics::ObserveProduction(const model::ServiceId& service,
                                       const ports::ProductionWindow& window) {
  Families& f = *families_;
  const model::KpiWindow& all = window.service;
  double cpu = 0, memory = 0;
  for (const ports::ReplicaKpi& instance : window.instances) {
    cpu += std::max(0.0, instance.window.cpu_seconds);
    memory += std::max(0.0, instance.window.memory_bytes);
  }
  const double seconds = std::max(1e-6, ToSeconds(all.length));
  const std::lock_guard lock(f.mutex);
  f.Set(f.demand, service, {}, static_cast<double>(all.offered) / seconds);
  for (const auto& [label, quantile] : {std::pair{"0.5", 0.5}, {"0.95", 0.95}, {"0.99", 0.99}}) {
    f.Set(f.latency, service, {{"quantile", label}}, control::QuantileOf(all.latency_us, quantile) * 1e-6);
  }
  f.Set(f.errors, service, {},
        all.completed > 0 ? static_cast<double>(all.errors) / static_cast<double>(all.completed) : 0);
  f.Set(f.serving, service, {}, window.serving);
  f.Set(f.cpu, service, {}, cpu / seconds);
  f.Set(f.memory, service, {}, memory);
}

void ServiceMetrics::ObserveMirror(const model::ServiceId& service, const io::TrafficStats& stats) {
  Families& f = *families_;
  const std::lock_guard lock(f.mutex);
  for (const auto& [what, count] : {std::pair{"captured", stats.captured},
                                    {"sampled", stats.sampled},
                                    {"mirrored", stats.mirrored_sent},
                                    {"synthetic", stats.synthetic_sent},
                                    {"skipped_by_policy", stats.skipped_by_policy},
                                    {"dropped_by_tap", stats.dropped_by_tap},
                                    {"dropped_by_queue", stats.dropped_by_queue},
                                    {"parse_lost", stats.parse_lost}}) {
    f.Set(f.mirror, service, {{"outcome", what}}, static_cast<double>(count));
  }
  f.Set(f.completeness, service, {}, stats.completeness);
}

void ServiceMetrics::Forget(const model::ServiceId& service) {
  Families& f = *families_;
  const std::lock_guard lock(f.mutex);
  const auto found = f.added.find(service);
  if (found == f.added.end()) {
    return;
  }
  for (const auto& [gauge, family] : found->second) {
    family->Remove(gauge);
  }
  f.added.erase(found);
}

}  // namespace shadowd::daemon
