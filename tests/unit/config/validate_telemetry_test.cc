#include "config/validate_telemetry.h"

#include "spoiled_spec.h"

namespace shadowd::config {
namespace {

using namespace std::chrono_literals;

ServiceSpec Measured() {
  ServiceSpec spec = Good();
  spec.mode = model::Mode::kAdvise;
  spec.haproxy = {};
  model::PrometheusSource& source = spec.telemetry.prometheus.emplace();
  source.server.url = "https://[::1]:9090/prefix";
  source.server.username = "u";
  source.server.password_file = "/etc/p";
  source.presets = {{"haproxy", "proxy=\"web\""}};
  return spec;
}

void RequireField(const std::string& field, const std::function<void(model::TelemetrySpec&)>& spoil,
                  const ServiceSpec& good) {
  ServiceSpec spec = good;
  spoil(spec.telemetry);
  const Status status = ValidateService(spec);
  INFO(field << ": " << status.ToString());
  REQUIRE(FieldOf(status) == field);
  REQUIRE(MessageOf(status).find(field) != std::string::npos);
}

TEST_CASE("A good source of each kind is let through") {
  REQUIRE_OK(ValidateService(Measured()));
  model::TelemetrySpec scrape;
  scrape.scrape.emplace().targets.emplace_back().url = "http://10.0.0.1";
  scrape.scrape->preset = "nginx";
  REQUIRE_OK(ValidateTelemetry(scrape));
  model::TelemetrySpec log;
  log.access_log = {"/var/log/a.log", model::AccessLogFormat::kAuto, 3};
  REQUIRE_OK(ValidateTelemetry(log));
}

TEST_CASE("What is wrong with a Prometheus is named by its field") {
  const ServiceSpec good = Measured();
  const std::string at = "telemetry.prometheus.";
  for (const char* url : {"", "ftp://a", "http://", "http://:80", "http://a:0", "http://a:99999",
                          "http://a:x", "http://u@a", "http://a?b", "http://a#b", "http://a b"}) {
    RequireField(
        at + "server.url", [&](auto& t) { t.prometheus->server.url = url; }, good);
  }
  RequireField(
      at + "server.password_file", [](auto& t) { t.prometheus->server.password_file = ""; }, good);
  RequireField(
      at + "server.username", [](auto& t) { t.prometheus->server.username = ""; }, good);
  RequireField(
      at + "server.username", [](auto& t) { t.prometheus->server.username = "a:b"; }, good);
  RequireField(
      at + "server.bearer_token_file", [](auto& t) { t.prometheus->server.bearer_token_file = "/t"; }, good);
  RequireField(
      at + "server.ca_file", [](auto& t) { t.prometheus->server.ca_file = "ca.pem"; }, good);
  RequireField(
      at + "server.timeout", [](auto& t) { t.prometheus->server.timeout = 2min; }, good);
  RequireField(
      at + "presets",
      [](auto& t) {
        t.prometheus->presets.resize(9, {"node", ""});
      },
      good);
  RequireField(
      at + "presets[0].name", [](auto& t) { t.prometheus->presets[0].name = "apache"; }, good);
  RequireField(
      at + "presets[0].selector", [](auto& t) { t.prometheus->presets[0].selector = "{a=\"b\"}"; }, good);
  RequireField(
      at + "queries.demand_rps",
      [](auto& t) {
        t.prometheus->presets = {{"node", ""}};
      },
      good);
  RequireField(
      at + "queries.p95_seconds", [](auto& t) { t.prometheus->queries.p95_seconds.assign(9000, 'x'); }, good);
  RequireField(
      at + "interval", [](auto& t) { t.prometheus->interval = 10ms; }, good);
  RequireField(
      at + "staleness", [](auto& t) { t.prometheus->staleness = 0s; }, good);
  RequireField(
      at + "history", [](auto& t) { t.prometheus->history = 100 * 24h; }, good);
}

TEST_CASE("What is wrong with pages, rules and logs is named by its field") {
  ServiceSpec good = Measured();
  good.telemetry = {};
  model::ScrapeSource& scrape = good.telemetry.scrape.emplace();
  scrape.targets.emplace_back().url = "http://10.0.0.1/metrics";
  scrape.rules.emplace_back().metric = "requests_total";
  REQUIRE_OK(ValidateService(good));
  const std::string at = "telemetry.scrape.";
  RequireField(
      at + "targets", [](auto& t) { t.scrape->targets.clear(); }, good);
  RequireField(
      at + "targets[0].url", [](auto& t) { t.scrape->targets[0].url = "x"; }, good);
  RequireField(
      at + "rules[0].metric", [](auto& t) { t.scrape->rules[0].metric = ""; }, good);
  RequireField(
      at + "rules[0].scale", [](auto& t) { t.scrape->rules[0].scale = 0; }, good);
  RequireField(
      at + "rules[0].service", [](auto& t) { t.scrape->rules[0].service = "web"; }, good);
  RequireField(
      at + "rules", [](auto& t) { t.scrape->rules[0].kpi = model::SeriesKpi::kCpu; }, good);
  RequireField(
      at + "preset", [](auto& t) { t.scrape->preset = "node"; }, good);
  RequireField(
      "telemetry.access_log.path",
      [](auto& t) {
        t = {};
        t.access_log = {"a", {}, 0};
      },
      good);
  RequireField(
      "telemetry.access_log.replicas",
      [](auto& t) {
        t = {};
        t.access_log = {"/a", {}, -1};
      },
      good);
}

TEST_CASE("Demand is measured by one source") {
  ServiceSpec spec = Measured();
  spec.telemetry.access_log = {"/var/log/a.log", {}, 0};
  CHECK(FieldOf(ValidateService(spec)) == "telemetry");
  spec = Measured();
  spec.haproxy = Good().haproxy;
  CHECK(FieldOf(ValidateService(spec)) == "telemetry");
}

TEST_CASE("The daemon's rules name their services, by labels too") {
  model::KpiRule rule;
  rule.metric = "m";
  for (const char* good : {"web", "{job}", "web-{job}", "{a}-{b}"}) {
    rule.service = good;
    REQUIRE_OK(ValidateRules("rules", {rule}, true));
  }
  for (const char* bad : {"", "Web", "{", "{}", "a{b", "-{job}", "web_1"}) {
    rule.service = bad;
    INFO(bad);
    CHECK(FieldOf(ValidateRules("rules", {rule}, true)) == "rules[0].service");
  }
  CHECK(FieldOf(ValidateRules("rules", std::vector<model::KpiRule>(1001, rule), true)) == "rules");
}

}  // namespace
}  // namespace shadowd::config
