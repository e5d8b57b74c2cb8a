#include "model/presets.h"

#include <catch2/catch.hpp>

namespace shadowd::model {
namespace {

TEST_CASE("A preset asks for the series that its selector leaves") {
  CHECK(PresetQueries("haproxy", "proxy=\"web\"")->demand_rps ==
        "sum(rate(haproxy_backend_http_requests_total{proxy=\"web\"}[1m]))");
  CHECK(PresetQueries("haproxy", "proxy=\"web\"")->error_ratio.find("{proxy=\"web\",code=\"5xx\"}") !=
        std::string::npos);
  CHECK(PresetQueries("cadvisor", "")->memory_bytes ==
        "sum(container_memory_working_set_bytes{container!=\"\"})");
  CHECK_FALSE(PresetQueries("apache", ""));
}

TEST_CASE("Every preset that is named is there") {
  for (const char* name : {"haproxy", "nginx", "envoy", "cadvisor", "node"}) {
    CHECK(PresetQueries(name, ""));
    CHECK(QueryPresetNames().find(name) != std::string::npos);
  }
  for (const char* name : {"haproxy", "nginx", "envoy"}) {
    CHECK_FALSE(PresetRules(name)->empty());
    CHECK(RulePresetNames().find(name) != std::string::npos);
  }
}

TEST_CASE("Own queries and rules go first, then the presets in their order") {
  PrometheusSource source;
  source.presets = {{"haproxy", "a=\"b\""}, {"cadvisor", ""}};
  source.queries.demand_rps = "mine";
  const KpiQueries queries = QueriesOf(source);
  CHECK(queries.demand_rps == "mine");
  CHECK(queries.replicas == "sum(haproxy_backend_active_servers{a=\"b\"})");
  CHECK(queries.cpu_cores.find("container_cpu") != std::string::npos);
  CHECK(queries.p95_seconds.empty());
  ScrapeSource scrape;
  scrape.preset = "nginx";
  scrape.rules.emplace_back().metric = "mine";
  REQUIRE(RulesOf(scrape).size() == 2);
  CHECK(RulesOf(scrape)[0].metric == "mine");
}

}  // namespace
}  // namespace shadowd::model
