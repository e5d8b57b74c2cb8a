#include "config/validate_service.h"

#include <cmath>
#include <functional>

#include "require_ok.h"

namespace shadowd::config {
namespace {

using namespace std::chrono_literals;
using model::ServiceSpec;

ServiceSpec Good() {
  ServiceSpec spec;
  spec.id = model::ServiceId("web");
  spec.mode = model::Mode::kAct;
  spec.instance.argv = {"/bin/web", "--port={port}"};
  spec.instance.environment = {{"ROLE", "{role}"}};
  spec.instance.port_first = 18'000;
  spec.instance.port_last = 18'020;
  spec.bounds.max = 8;
  spec.haproxy = {"/run/haproxy.sock", "web", "127.0.0.1:0", true};
  return spec;
}

TEST_CASE("A good specification passes, and so does the default in OBSERVE") {
  REQUIRE_OK(ValidateService(Good()));
  ServiceSpec bare;
  bare.id = model::ServiceId("a");
  REQUIRE_OK(ValidateService(bare));
}

TEST_CASE("Every range is enforced and names its field") {
  using Spoil = std::function<void(ServiceSpec&)>;
  const std::vector<std::pair<std::string, Spoil>> cases = {
      {"name", [](auto& s) { s.id = model::ServiceId("Web"); }},
      {"version", [](auto& s) { s.version = ""; }},
      {"version", [](auto& s) { s.version = "a b"; }},
      {"version", [](auto& s) { s.version = "a\n"; }},
      {"version", [](auto& s) { s.version = std::string(129, 'v'); }},
      {"lead_time_prior", [](auto& s) { s.lead_time_prior = 2h; }},
      {"bounds.min", [](auto& s) { s.bounds.min = 0; }},
      {"bounds.max", [](auto& s) { s.bounds.min = 9; }},
      {"bounds.max", [](auto& s) { s.bounds.max = 10'001; }},
      {"bounds.step_out_max", [](auto& s) { s.bounds.step_out_max = 0; }},
      {"bounds.step_in_max", [](auto& s) { s.bounds.step_in_max = -1; }},
      {"bounds.cool_down_out", [](auto& s) { s.bounds.cool_down_out = -1s; }},
      {"bounds.cool_down_in", [](auto& s) { s.bounds.cool_down_in = 25h; }},
      {"slo.latency_quantile", [](auto& s) { s.slo.latency_quantile = 0.9; }},
      {"slo.latency_limit", [](auto& s) { s.slo.latency_limit = 0s; }},
      {"slo.error_rate_max", [](auto& s) { s.slo.error_rate_max = std::nan(""); }},
      {"forecast.resolution", [](auto& s) { s.forecast.resolution = 1ms; }},
      {"forecast.seasons[1]",
       [](auto& s) {
         s.forecast.seasons = {24, 24};
       }},
      {"forecast.seasons[0]", [](auto& s) { s.forecast.seasons = {1}; }},
      {"forecast.seasons",
       [](auto& s) {
         s.forecast.seasons = {2, 3, 4, 5, 6};
       }},
      {"forecast.horizon_steps", [](auto& s) { s.forecast.horizon_steps = 1001; }},
      {"forecast.coverage", [](auto& s) { s.forecast.coverage = 1; }},
      {"forecast.hold", [](auto& s) { s.forecast.hold = 0s; }},
      {"triggers.proximity", [](auto& s) { s.triggers.proximity = 0; }},
      {"triggers.proximity_n", [](auto& s) { s.triggers.proximity_n = 101; }},
      {"triggers.proximity_m", [](auto& s) { s.triggers.proximity_m = 6; }},
      {"triggers.emergency_after", [](auto& s) { s.triggers.emergency_after = 0s; }},
      {"triggers.emergency_requests", [](auto& s) { s.triggers.emergency_requests = 0; }},
      {"shadows.levels",
       [](auto& s) {
         s.shadows.levels = {3, 3};
       }},
      {"shadows.levels[0]", [](auto& s) { s.shadows.levels = {0}; }},
      {"shadows.levels_auto_max", [](auto& s) { s.shadows.levels_auto_max = 10; }},
      {"shadows.shadows_per_level", [](auto& s) { s.shadows.shadows_per_level = 9; }},
      {"shadows.max_shadows", [](auto& s) { s.shadows.max_shadows = 1; }},
      {"shadows.ttl", [](auto& s) { s.shadows.ttl = 0s; }},
      {"shadows.idle_timeout", [](auto& s) { s.shadows.idle_timeout = 25h; }},
      {"shadows.lease", [](auto& s) { s.shadows.lease = 1s; }},
      {"shadows.shadow_class.cpu_set[0]", [](auto& s) { s.shadows.shadow_class.cpu_set = {-1}; }},
      {"shadows.shadow_class.memory_max_bytes", [](auto& s) { s.shadows.shadow_class.memory_max_bytes = 5; }},
      {"shadows.shadow_class.environment[A=B]",
       [](auto& s) {
         s.shadows.shadow_class.environment = {{"A=B", ""}};
       }},
      {"shadows.shadow_class.extra_argv[0]", [](auto& s) { s.shadows.shadow_class.extra_argv = {"{host}"}; }},
      {"trial.warm_up", [](auto& s) { s.trial.warm_up = 11min; }},
      {"trial.deadline", [](auto& s) { s.trial.deadline = 0s; }},
      {"trial.alpha", [](auto& s) { s.trial.alpha = 0; }},
      {"trial.tolerance", [](auto& s) { s.trial.tolerance = 0; }},
      {"trial.void_share_max", [](auto& s) { s.trial.void_share_max = 1.1; }},
      {"trial.measured_fresh", [](auto& s) { s.trial.measured_fresh = -1s; }},
      {"haproxy.socket", [](auto& s) { s.haproxy.socket = "10.0.0.1:99"; }},
      {"haproxy.socket", [](auto& s) { s.haproxy.socket = "relative"; }},
      {"haproxy.socket", [](auto& s) { s.haproxy = {}; }},
      {"haproxy.backend", [](auto& s) { s.haproxy.backend = ""; }},
      {"haproxy.backend", [](auto& s) { s.haproxy.backend = "a; shutdown"; }},
      {"haproxy.syslog_listen", [](auto& s) { s.haproxy.syslog_listen = "0.0.0.0:514"; }},
      {"mirror.interface", [](auto& s) { s.mirror.interface = "../../x"; }},
      {"mirror.port", [](auto& s) { s.mirror.interface = "lo"; }},
      {"mirror.percent", [](auto& s) { s.mirror.percent = 101; }},
      {"mirror.methods", [](auto& s) { s.mirror.methods = {}; }},
      {"mirror.methods[0]", [](auto& s) { s.mirror.methods = {"get"}; }},
      {"mirror.marker_header", [](auto& s) { s.mirror.marker_header = "a: b\r\n"; }},
      {"load.max_rps_per_shadow", [](auto& s) { s.load.max_rps_per_shadow = 0; }},
      {"load.paths", [](auto& s) { s.load.paths = {}; }},
      {"load.paths[1]", [](auto& s) { s.load.paths = {"/", "x"}; }},
      {"load.paths[0]", [](auto& s) { s.load.paths = {"/ HTTP/1.1\r\n"}; }},
      {"prices.currency", [](auto& s) { s.prices.currency = "euro"; }},
      {"prices.shadow_hour", [](auto& s) { s.prices.shadow_hour = -1; }},
      {"instance", [](auto& s) { s.instance = {}; }},
      {"instance.argv", [](auto& s) { s.instance.argv = {}; }},
      {"instance.argv[0]", [](auto& s) { s.instance.argv = {"web"}; }},
      {"instance.argv[1]", [](auto& s) { s.instance.argv[1] = "{prot}"; }},
      {"instance.environment[ROLE]", [](auto& s) { s.instance.environment["ROLE"] = "{rolle}"; }},
      {"instance.environment[1A]", [](auto& s) { s.instance.environment["1A"] = ""; }},
      {"instance.working_dir", [](auto& s) { s.instance.working_dir = "tmp"; }},
      {"instance.address", [](auto& s) { s.instance.address = "localhost"; }},
      {"instance.port_first", [](auto& s) { s.instance.port_first = 0; }},
      {"instance.port_last", [](auto& s) { s.instance.port_last = 17'000; }},
      {"instance.port_last", [](auto& s) { s.instance.port_last = 18'010; }},
      {"instance.readiness.http_path", [](auto& s) { s.instance.readiness.http_path = "health"; }},
      {"instance.readiness.deadline", [](auto& s) { s.instance.readiness.deadline = 0s; }},
      {"instance.readiness.interval", [](auto& s) { s.instance.readiness.interval = 30s; }},
      {"instance.stop_grace", [](auto& s) { s.instance.stop_grace = -1s; }},
      {"instance.output_bytes_max", [](auto& s) { s.instance.output_bytes_max = 1; }}};
  for (const auto& [field, spoil] : cases) {
    ServiceSpec spec = Good();
    spoil(spec);
    const Status status = ValidateService(spec);
    INFO(field << ": " << status.ToString());
    REQUIRE(status.code() == absl::StatusCode::kInvalidArgument);
    REQUIRE(FieldOf(status) == field);
    REQUIRE_FALSE(ReasonOf(status).empty());
    REQUIRE(MessageOf(status).find(field) != std::string::npos);
  }
}

TEST_CASE("Braces that are no placeholder stay as they are") {
  ServiceSpec spec = Good();
  spec.instance.argv = {"/bin/web", R"({"port": {port}, "x": {}})", "{{not}}", "{", "}"};
  REQUIRE_OK(ValidateService(spec));
}

}  // namespace
}  // namespace shadowd::config
