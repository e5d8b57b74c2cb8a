#include "config/validate_service.h"

#include <cmath>

#include "spoiled_spec.h"

namespace shadowd::config {
namespace {

using namespace std::chrono_literals;

TEST_CASE("A good specification passes, and so does the default in OBSERVE") {
  REQUIRE_OK(ValidateService(Good()));
  ServiceSpec bare;
  bare.id = model::ServiceId("a");
  REQUIRE_OK(ValidateService(bare));
}

TEST_CASE("The ranges of the service, its bounds and forecast are enforced by field") {
  RequireRefused({{"name", [](auto& s) { s.id = model::ServiceId("Web"); }},
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
                  {"forecast.hold", [](auto& s) { s.forecast.hold = 0s; }}});
}

TEST_CASE("The ranges of triggers, shadows and trials are enforced by field") {
  RequireRefused({{"triggers.proximity", [](auto& s) { s.triggers.proximity = 0; }},
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
                  {"shadows.shadow_class.memory_max_bytes",
                   [](auto& s) { s.shadows.shadow_class.memory_max_bytes = 5; }},
                  {"shadows.shadow_class.environment[A=B]",
                   [](auto& s) {
                     s.shadows.shadow_class.environment = {{"A=B", ""}};
                   }},
                  {"shadows.shadow_class.extra_argv[0]",
                   [](auto& s) { s.shadows.shadow_class.extra_argv = {"{host}"}; }},
                  {"trial.warm_up", [](auto& s) { s.trial.warm_up = 11min; }},
                  {"trial.deadline", [](auto& s) { s.trial.deadline = 0s; }},
                  {"trial.alpha", [](auto& s) { s.trial.alpha = 0; }},
                  {"trial.tolerance", [](auto& s) { s.trial.tolerance = 0; }},
                  {"trial.void_share_max", [](auto& s) { s.trial.void_share_max = 1.1; }},
                  {"trial.measured_fresh", [](auto& s) { s.trial.measured_fresh = -1s; }},
                  {"trial.tolerance_min", [](auto& s) { s.trial.tolerance_min = 0; }},
                  {"trial.tolerance_max", [](auto& s) { s.trial.tolerance_max = s.trial.tolerance_min / 2; }},
                  {"trial.daily_budget", [](auto& s) { s.trial.daily_budget = -0.01; }}});
}

TEST_CASE("The ranges of the balancer, tap, load and prices are enforced by field") {
  RequireRefused({{"haproxy.socket", [](auto& s) { s.haproxy.socket = "10.0.0.1:99"; }},
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
                  {"load.paths[1]",
                   [](auto& s) {
                     s.load.paths = {"/", "x"};
                   }},
                  {"load.paths[0]", [](auto& s) { s.load.paths = {"/ HTTP/1.1\r\n"}; }},
                  {"prices.currency", [](auto& s) { s.prices.currency = "euro"; }},
                  {"prices.shadow_hour", [](auto& s) { s.prices.shadow_hour = -1; }}});
}

}  // namespace
}  // namespace shadowd::config
