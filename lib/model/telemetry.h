// What production is measured by where shadowd drives no balancer, and the rules by which series of others
// become KPIs. Part of a service's specification (see the API for ranges and defaults); plain values.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"

namespace shadowd::model {

struct HttpServer {
  std::string url;  // "http://127.0.0.1:9090", "https://host:443/prefix"
  std::string bearer_token_file;
  std::string username;
  std::string password_file;
  std::string ca_file;  // "" = the system's
  Micros timeout = std::chrono::seconds(5);
  bool operator==(const HttpServer&) const = default;
};

struct QueryPreset {
  std::string name;
  std::string selector;  // PromQL matchers without braces
  bool operator==(const QueryPreset&) const = default;
};

// PromQL, one expression a KPI; "" = unknown.
struct KpiQueries {
  std::string demand_rps;
  std::string error_ratio;
  std::string p50_seconds, p95_seconds, p99_seconds;
  std::string cpu_cores;
  std::string memory_bytes;
  std::string replicas;
  bool operator==(const KpiQueries&) const = default;
};

struct PrometheusSource {
  HttpServer server;
  std::vector<QueryPreset> presets;
  KpiQueries queries;
  Micros interval{0};  // 0 = the forecast's resolution
  Micros staleness = std::chrono::minutes(1);
  Micros history = std::chrono::hours(14 * 24);
  bool operator==(const PrometheusSource&) const = default;
};

enum class SeriesKpi { kRequests, kErrors, kLatency, kCpu, kMemory, kReplicas };
enum class SeriesKind { kAuto, kGauge, kCounter, kHistogram };
const char* SeriesKpiName(SeriesKpi kpi);     // "REQUESTS" ...
const char* SeriesKindName(SeriesKind kind);  // "AUTO" ...

struct KpiRule {
  std::string metric;
  std::map<std::string, std::string> labels;  // "*" = any value
  SeriesKpi kpi = SeriesKpi::kRequests;
  SeriesKind kind = SeriesKind::kAuto;
  double scale = 1;     // value times this is in the KPI's unit
  std::string service;  // "web", "{job}"; "" in the rules of a service
  bool operator==(const KpiRule&) const = default;
};

struct ScrapeSource {
  std::vector<HttpServer> targets;
  std::vector<KpiRule> rules;
  std::string preset;
  Micros interval{0};  // 0 = the forecast's resolution
  bool operator==(const ScrapeSource&) const = default;
};

enum class AccessLogFormat { kAuto, kCommon, kCombined, kJson };
const char* AccessLogFormatName(AccessLogFormat format);  // "AUTO" ...

struct AccessLogSource {
  std::string path;
  AccessLogFormat format = AccessLogFormat::kAuto;
  int replicas = 0;  // 0 = unknown
  bool operator==(const AccessLogSource&) const = default;
};

// At most one of them.
struct TelemetrySpec {
  std::optional<PrometheusSource> prometheus;
  std::optional<ScrapeSource> scrape;
  std::optional<AccessLogSource> access_log;

  bool any() const { return prometheus || scrape || access_log; }
  bool operator==(const TelemetrySpec&) const = default;
};

}  // namespace shadowd::model
