#include "model/presets.h"

#include <array>
#include <utility>

namespace shadowd::model {
namespace {

// "@" stands for the selector, "&" for the selector with a comma after it where there is one.
struct NamedQueries {
  const char* name;
  KpiQueries queries;
};

const std::vector<NamedQueries>& Queries() {
  static const std::vector<NamedQueries> kQueries = [] {
    KpiQueries haproxy;
    haproxy.demand_rps = "sum(rate(haproxy_backend_http_requests_total{@}[1m]))";
    haproxy.error_ratio =
        "sum(rate(haproxy_backend_http_responses_total{&code=\"5xx\"}[1m])) / "
        "sum(rate(haproxy_backend_http_responses_total{@}[1m]))";
    haproxy.replicas = "sum(haproxy_backend_active_servers{@})";
    KpiQueries nginx;
    nginx.demand_rps = "sum(rate(nginx_http_requests_total{@}[1m]))";
    KpiQueries envoy;
    envoy.demand_rps = "sum(rate(envoy_cluster_upstream_rq_total{@}[1m]))";
    envoy.error_ratio =
        "sum(rate(envoy_cluster_upstream_rq_xx{&envoy_response_code_class=\"5\"}[1m])) / "
        "sum(rate(envoy_cluster_upstream_rq_xx{@}[1m]))";
    const std::string time = "sum by (le) (rate(envoy_cluster_upstream_rq_time_bucket{@}[1m]))";
    envoy.p50_seconds = "histogram_quantile(0.5, " + time + ") / 1000";
    envoy.p95_seconds = "histogram_quantile(0.95, " + time + ") / 1000";
    envoy.p99_seconds = "histogram_quantile(0.99, " + time + ") / 1000";
    envoy.replicas = "max(envoy_cluster_membership_healthy{@})";
    KpiQueries cadvisor;
    cadvisor.cpu_cores = "sum(rate(container_cpu_usage_seconds_total{&container!=\"\"}[1m]))";
    cadvisor.memory_bytes = "sum(container_memory_working_set_bytes{&container!=\"\"})";
    cadvisor.replicas = "count(count by (pod) (container_memory_working_set_bytes{&container!=\"\"}))";
    KpiQueries node;
    node.cpu_cores = "sum(rate(node_cpu_seconds_total{&mode!~\"idle|iowait|steal\"}[1m]))";
    node.memory_bytes = "sum(node_memory_MemTotal_bytes{@} - node_memory_MemAvailable_bytes{@})";
    node.replicas = "count(node_memory_MemTotal_bytes{@})";
    return std::vector<NamedQueries>{
        {"haproxy", haproxy}, {"nginx", nginx}, {"envoy", envoy}, {"cadvisor", cadvisor}, {"node", node}};
  }();
  return kQueries;
}

std::string Select(const std::string& query, const std::string& selector) {
  std::string out;
  for (const char c : query) {
    if (c == '@') {
      out += selector;
    } else if (c == '&') {
      out += selector.empty() ? "" : selector + ",";
    } else {
      out += c;
    }
  }
  return out;
}

constexpr std::array kQueryFields = {
    &KpiQueries::demand_rps,  &KpiQueries::error_ratio, &KpiQueries::p50_seconds,  &KpiQueries::p95_seconds,
    &KpiQueries::p99_seconds, &KpiQueries::cpu_cores,   &KpiQueries::memory_bytes, &KpiQueries::replicas};

KpiRule Rule(std::string metric, SeriesKpi kpi, std::map<std::string, std::string> labels = {},
             double scale = 1) {
  KpiRule rule;
  rule.metric = std::move(metric);
  rule.labels = std::move(labels);
  rule.kpi = kpi;
  rule.scale = scale;
  return rule;
}

std::string Join(const std::vector<std::string>& names) {
  std::string all;
  for (const std::string& name : names) {
    all += (all.empty() ? "" : ", ") + name;
  }
  return all;
}

}  // namespace

std::optional<KpiQueries> PresetQueries(std::string_view name, const std::string& selector) {
  for (const NamedQueries& preset : Queries()) {
    if (preset.name == name) {
      KpiQueries queries = preset.queries;
      for (const auto field : kQueryFields) {
        queries.*field = Select(queries.*field, selector);
      }
      return queries;
    }
  }
  return std::nullopt;
}

std::string QueryPresetNames() {
  std::vector<std::string> names;
  for (const NamedQueries& preset : Queries()) {
    names.emplace_back(preset.name);
  }
  return Join(names);
}

std::optional<std::vector<KpiRule>> PresetRules(std::string_view name) {
  using enum SeriesKpi;
  if (name == "haproxy") {
    return std::vector{Rule("haproxy_backend_http_requests_total", kRequests),
                       Rule("haproxy_backend_http_responses_total", kErrors, {{"code", "5xx"}}),
                       Rule("haproxy_backend_active_servers", kReplicas)};
  }
  if (name == "nginx") {
    return std::vector{Rule("nginx_http_requests_total", kRequests)};
  }
  if (name == "envoy") {
    return std::vector{Rule("envoy_cluster_upstream_rq_total", kRequests),
                       Rule("envoy_cluster_upstream_rq_xx", kErrors, {{"envoy_response_code_class", "5"}}),
                       Rule("envoy_cluster_upstream_rq_time", kLatency, {}, 0.001),
                       Rule("envoy_cluster_membership_healthy", kReplicas)};
  }
  return std::nullopt;
}

std::string RulePresetNames() {
  return "haproxy, nginx, envoy";
}

KpiQueries QueriesOf(const PrometheusSource& source) {
  KpiQueries all = source.queries;
  for (const QueryPreset& preset : source.presets) {
    const std::optional<KpiQueries> queries = PresetQueries(preset.name, preset.selector);
    for (const auto field : kQueryFields) {
      if (queries && (all.*field).empty()) {
        all.*field = (*queries).*field;
      }
    }
  }
  return all;
}

std::vector<KpiRule> RulesOf(const ScrapeSource& source) {
  std::vector<KpiRule> rules = source.rules;
  if (const auto preset = PresetRules(source.preset)) {
    rules.insert(rules.end(), preset->begin(), preset->end());
  }
  return rules;
}

}  // namespace shadowd::model
