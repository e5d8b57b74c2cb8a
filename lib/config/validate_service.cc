#include "config/validate_service.h"

#include <algorithm>
#include <set>

#include "config/field_check.h"
#include "config/validate_telemetry.h"
#include "config/validate_template.h"
#include "rpc/resource_name.h"

namespace shadowd::config {
namespace {

using namespace std::chrono_literals;

constexpr int kReplicasMax = 10'000;
constexpr size_t kLevelsMax = 9;
constexpr size_t kSeasonsMax = 4;
constexpr size_t kPathsMax = 1000;
constexpr size_t kPathBytesMax = 2048;
constexpr size_t kMethodsMax = 32;
constexpr size_t kInterfaceBytesMax = 15;  // IFNAMSIZ less the zero
constexpr size_t kCpusMax = 4096;
constexpr double kMoneyMax = 1e12;

bool IsTokenCharacter(char c) {  // RFC 9110, 5.6.2
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}
bool IsToken(const std::string& text) {
  return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), IsTokenCharacter);
}
bool IsUpperWord(const std::string& text) {
  return !text.empty() && text.size() <= 32 &&
         std::all_of(text.begin(), text.end(), [](char c) { return (c >= 'A' && c <= 'Z') || c == '-'; });
}

Status ValidateIdentity(const model::ServiceSpec& spec) {
  if (const Status id = rpc::CheckServiceId(spec.id.str()); !id.ok()) {
    return WithField(Annotate(id, "name"), "name");
  }
  SHADOWD_RETURN_IF_ERROR(CheckText("version", spec.version, 128));
  if (spec.version.empty() || spec.version.find(' ') != std::string::npos) {
    return BadValue("version", "1..128 printable bytes without spaces");
  }
  return CheckLength("lead_time_prior", spec.lead_time_prior, 0s, 1h);
}

Status ValidateBounds(const model::Bounds& bounds) {
  SHADOWD_RETURN_IF_ERROR(CheckNumber("bounds.min", bounds.min, 1, kReplicasMax));
  SHADOWD_RETURN_IF_ERROR(CheckNumber("bounds.max", bounds.max, bounds.min, kReplicasMax));
  SHADOWD_RETURN_IF_ERROR(CheckNumber("bounds.step_out_max", bounds.step_out_max, 1, kReplicasMax));
  SHADOWD_RETURN_IF_ERROR(CheckNumber("bounds.step_in_max", bounds.step_in_max, 1, kReplicasMax));
  SHADOWD_RETURN_IF_ERROR(CheckLength("bounds.cool_down_out", bounds.cool_down_out, 0s, 24h));
  return CheckLength("bounds.cool_down_in", bounds.cool_down_in, 0s, 24h);
}

Status ValidateSlo(const model::Slo& slo) {
  if (slo.latency_quantile != 0.5 && slo.latency_quantile != 0.95 && slo.latency_quantile != 0.99) {
    return BadValue("slo.latency_quantile", fmt::format("0.5, 0.95 or 0.99, not {}", slo.latency_quantile));
  }
  SHADOWD_RETURN_IF_ERROR(CheckLength("slo.latency_limit", slo.latency_limit, 1us, 10min));
  return CheckNumber("slo.error_rate_max", slo.error_rate_max, 0, 1);
}

Status ValidateForecast(const model::ForecastSpec& forecast) {
  SHADOWD_RETURN_IF_ERROR(CheckLength("forecast.resolution", forecast.resolution, 100ms, 1h));
  if (forecast.seasons.size() > kSeasonsMax) {
    return BadValue("forecast.seasons", fmt::format("at most {}", kSeasonsMax));
  }
  for (size_t i = 0; i < forecast.seasons.size(); ++i) {
    const std::string path = fmt::format("forecast.seasons[{}]", i);
    SHADOWD_RETURN_IF_ERROR(CheckNumber(path, forecast.seasons[i], 2, 1'000'000));
    if (i > 0 && forecast.seasons[i] <= forecast.seasons[i - 1]) {
      return BadValue(path, "seasons ascend");
    }
  }
  SHADOWD_RETURN_IF_ERROR(CheckNumber("forecast.horizon_steps", forecast.horizon_steps, 1, 1000));
  SHADOWD_RETURN_IF_ERROR(CheckNumber("forecast.coverage", forecast.coverage, 0.5, 0.9999));
  return CheckLength("forecast.hold", forecast.hold, 1s, 7 * 24h);
}

Status ValidateTriggers(const model::TriggerSpec& triggers) {
  SHADOWD_RETURN_IF_ERROR(CheckNumber("triggers.proximity", triggers.proximity, 0.1, 1));
  SHADOWD_RETURN_IF_ERROR(CheckNumber("triggers.proximity_n", triggers.proximity_n, 1, 100));
  SHADOWD_RETURN_IF_ERROR(CheckNumber("triggers.proximity_m", triggers.proximity_m, 1, triggers.proximity_n));
  SHADOWD_RETURN_IF_ERROR(CheckLength("triggers.emergency_after", triggers.emergency_after, 1s, 1h));
  return CheckSize("triggers.emergency_requests", triggers.emergency_requests, 1, 1'000'000'000);
}

Status ValidateShadowClass(const model::ShadowClass& shadow_class) {
  if (shadow_class.cpu_set.size() > kCpusMax) {
    return BadValue("shadows.shadow_class.cpu_set", fmt::format("at most {} CPUs", kCpusMax));
  }
  for (size_t i = 0; i < shadow_class.cpu_set.size(); ++i) {
    SHADOWD_RETURN_IF_ERROR(CheckNumber(fmt::format("shadows.shadow_class.cpu_set[{}]", i),
                                        shadow_class.cpu_set[i], 0, static_cast<double>(kCpusMax) - 1));
  }
  if (shadow_class.memory_max_bytes != 0) {
    SHADOWD_RETURN_IF_ERROR(CheckSize("shadows.shadow_class.memory_max_bytes", shadow_class.memory_max_bytes,
                                      uint64_t{1} << 20, uint64_t{1} << 50));
  }
  SHADOWD_RETURN_IF_ERROR(ValidateEnvironment(shadow_class.environment, "shadows.shadow_class.environment"));
  if (shadow_class.extra_argv.size() > 64) {
    return BadValue("shadows.shadow_class.extra_argv", "at most 64 arguments");
  }
  for (size_t i = 0; i < shadow_class.extra_argv.size(); ++i) {
    const std::string path = fmt::format("shadows.shadow_class.extra_argv[{}]", i);
    if (shadow_class.extra_argv[i].size() > 4096 ||
        shadow_class.extra_argv[i].find('\0') != std::string::npos) {
      return BadValue(path, "longer than 4096 bytes, or has a zero byte");
    }
    SHADOWD_RETURN_IF_ERROR(ValidatePlaceholders(shadow_class.extra_argv[i], path));
  }
  return absl::OkStatus();
}

Status ValidateLevels(const model::ShadowSpec& shadows) {
  if (std::set(shadows.levels.begin(), shadows.levels.end()).size() != shadows.levels.size()) {
    return BadValue("shadows.levels", "a level is listed twice");
  }
  if (shadows.levels.size() > kLevelsMax) {
    return BadValue("shadows.levels", fmt::format("at most {}", kLevelsMax));
  }
  for (size_t i = 0; i < shadows.levels.size(); ++i) {
    SHADOWD_RETURN_IF_ERROR(
        CheckNumber(fmt::format("shadows.levels[{}]", i), shadows.levels[i], 1, kReplicasMax));
  }
  SHADOWD_RETURN_IF_ERROR(CheckNumber("shadows.levels_auto_max", shadows.levels_auto_max, 1, 9));
  SHADOWD_RETURN_IF_ERROR(CheckNumber("shadows.shadows_per_level", shadows.shadows_per_level, 1, 8));
  SHADOWD_RETURN_IF_ERROR(CheckNumber("shadows.max_shadows", shadows.max_shadows, 1, 100));
  const int arms = shadows.null_arm ? 2 : 1;
  if (shadows.max_shadows < arms * shadows.shadows_per_level) {
    return BadValue("shadows.max_shadows",
                    fmt::format("{} is too few for one level{} of {} shadows each", shadows.max_shadows,
                                shadows.null_arm ? " and the null arm" : "", shadows.shadows_per_level));
  }
  return absl::OkStatus();
}

Status ValidateShadows(const model::ShadowSpec& shadows) {
  SHADOWD_RETURN_IF_ERROR(ValidateLevels(shadows));
  SHADOWD_RETURN_IF_ERROR(CheckLength("shadows.ttl", shadows.ttl, 1s, 24h));
  SHADOWD_RETURN_IF_ERROR(CheckLength("shadows.idle_timeout", shadows.idle_timeout, 1s, 24h));
  SHADOWD_RETURN_IF_ERROR(CheckLength("shadows.lease", shadows.lease, 2s, 10min));
  return ValidateShadowClass(shadows.shadow_class);
}

Status ValidateTrial(const model::TrialSpec& trial) {
  SHADOWD_RETURN_IF_ERROR(CheckLength("trial.warm_up", trial.warm_up, 0s, 10min));
  SHADOWD_RETURN_IF_ERROR(CheckLength("trial.deadline", trial.deadline, 1s, 1h));
  SHADOWD_RETURN_IF_ERROR(CheckNumber("trial.alpha", trial.alpha, 0.0001, 0.5));
  SHADOWD_RETURN_IF_ERROR(CheckNumber("trial.tolerance", trial.tolerance, 0.001, 10));
  SHADOWD_RETURN_IF_ERROR(CheckNumber("trial.void_share_max", trial.void_share_max, 0, 1));
  SHADOWD_RETURN_IF_ERROR(CheckNumber("trial.tolerance_min", trial.tolerance_min, 0.001, 10));
  SHADOWD_RETURN_IF_ERROR(CheckNumber("trial.tolerance_max", trial.tolerance_max, trial.tolerance_min, 10));
  SHADOWD_RETURN_IF_ERROR(CheckNumber("trial.daily_budget", trial.daily_budget, 0, 1e9));
  return CheckLength("trial.measured_fresh", trial.measured_fresh, 0s, 30 * 24h);
}

Status ValidateHaproxy(const model::HaproxySpec& haproxy) {
  if (!haproxy.socket.empty() && !haproxy.socket.starts_with('/')) {
    SHADOWD_ASSIGN_OR_RETURN(const Endpoint endpoint, ParseEndpoint("haproxy.socket", haproxy.socket));
    if (!endpoint.loopback || endpoint.port == 0) {
      return BadValue("haproxy.socket", "an absolute path, or a loopback address with a port");
    }
  } else if (!haproxy.socket.empty()) {
    SHADOWD_RETURN_IF_ERROR(CheckAbsolutePath("haproxy.socket", haproxy.socket, 107));
  }
  if (haproxy.socket.empty() != haproxy.backend.empty()) {
    return BadValue(haproxy.socket.empty() ? "haproxy.socket" : "haproxy.backend",
                    "socket and backend go together");
  }
  if (!haproxy.backend.empty() &&
      (!IsToken(haproxy.backend) || haproxy.backend.find('/') != std::string::npos)) {
    return BadValue("haproxy.backend", "the name of a backend: letters, digits, '-', '_', '.' and ':'");
  }
  if (!haproxy.syslog_listen.empty()) {
    SHADOWD_ASSIGN_OR_RETURN(const Endpoint endpoint,
                             ParseEndpoint("haproxy.syslog_listen", haproxy.syslog_listen));
    if (!endpoint.loopback) {
      return BadValue("haproxy.syslog_listen", fmt::format("{} is not a loopback address", endpoint.address));
    }
  }
  return absl::OkStatus();
}

Status ValidateMirror(const model::MirrorSpec& mirror) {
  SHADOWD_RETURN_IF_ERROR(CheckText("mirror.interface", mirror.interface, kInterfaceBytesMax));
  if (mirror.interface.find_first_of("/ ") != std::string::npos) {
    return BadValue("mirror.interface", "not the name of a network interface");
  }
  SHADOWD_RETURN_IF_ERROR(CheckNumber("mirror.port", mirror.port, mirror.interface.empty() ? 0 : 1, 65'535));
  SHADOWD_RETURN_IF_ERROR(CheckNumber("mirror.percent", mirror.percent, 0, 100));
  if (mirror.methods.empty() || mirror.methods.size() > kMethodsMax) {
    return BadValue("mirror.methods", fmt::format("1..{} methods", kMethodsMax));
  }
  for (size_t i = 0; i < mirror.methods.size(); ++i) {
    if (!IsUpperWord(mirror.methods[i])) {
      return BadValue(fmt::format("mirror.methods[{}]", i), "an HTTP method in upper case");
    }
  }
  if (!IsToken(mirror.marker_header)) {
    return BadValue("mirror.marker_header", "not the name of an HTTP header");
  }
  return absl::OkStatus();
}

Status ValidateLoad(const model::LoadSpec& load) {
  SHADOWD_RETURN_IF_ERROR(CheckNumber("load.max_rps_per_shadow", load.max_rps_per_shadow, 0.01, 1e6));
  if (load.paths.empty() || load.paths.size() > kPathsMax) {
    return BadValue("load.paths", fmt::format("1..{} paths", kPathsMax));
  }
  for (size_t i = 0; i < load.paths.size(); ++i) {
    const std::string path = fmt::format("load.paths[{}]", i);
    SHADOWD_RETURN_IF_ERROR(CheckText(path, load.paths[i], kPathBytesMax));
    if (!load.paths[i].starts_with('/') || load.paths[i].find(' ') != std::string::npos) {
      return BadValue(path, "must begin with '/' and have no spaces");
    }
  }
  return absl::OkStatus();
}

Status ValidatePrices(const model::Prices& prices) {
  if (prices.currency.size() != 3 || !IsUpperWord(prices.currency)) {
    return BadValue("prices.currency", "three capital letters (ISO 4217)");
  }
  SHADOWD_RETURN_IF_ERROR(CheckNumber("prices.instance_hour", prices.instance_hour, 0, kMoneyMax));
  SHADOWD_RETURN_IF_ERROR(CheckNumber("prices.shadow_hour", prices.shadow_hour, 0, kMoneyMax));
  return CheckNumber("prices.violation_per_minute", prices.violation_per_minute, 0, kMoneyMax);
}

// What only the whole can tell.
Status ValidateTogether(const model::ServiceSpec& spec) {
  const bool has_template = spec.instance != model::InstanceTemplate();
  if (has_template) {
    SHADOWD_RETURN_IF_ERROR(ValidateTemplate(spec.instance, "instance"));
    const int ports = spec.instance.port_last - spec.instance.port_first + 1;
    // A roll-out runs one instance more than the bounds allow.
    const int needed = spec.bounds.max + 1 + spec.shadows.max_shadows;
    if (spec.mode == model::Mode::kAct && ports < needed) {
      return BadValue("instance.port_last",
                      fmt::format("{} ports are too few: {} instances, one more in a roll-out "
                                  "and {} shadows need {}",
                                  ports, spec.bounds.max, spec.shadows.max_shadows, needed));
    }
  }
  if (spec.mode == model::Mode::kAct && !has_template) {
    return BadValue("instance", "mode ACT needs a template to start instances from");
  }
  if (spec.mode == model::Mode::kAct && spec.haproxy.socket.empty()) {
    return BadValue("haproxy.socket", "mode ACT needs a balancer to act on");
  }
  if (spec.telemetry.any() && !spec.haproxy.socket.empty()) {
    return BadValue("telemetry", "haproxy.socket measures production already");
  }
  return absl::OkStatus();
}

}  // namespace

Status ValidateService(const model::ServiceSpec& spec) {
  SHADOWD_RETURN_IF_ERROR(ValidateIdentity(spec));
  SHADOWD_RETURN_IF_ERROR(ValidateBounds(spec.bounds));
  SHADOWD_RETURN_IF_ERROR(ValidateSlo(spec.slo));
  SHADOWD_RETURN_IF_ERROR(ValidateForecast(spec.forecast));
  SHADOWD_RETURN_IF_ERROR(ValidateTriggers(spec.triggers));
  SHADOWD_RETURN_IF_ERROR(ValidateShadows(spec.shadows));
  SHADOWD_RETURN_IF_ERROR(ValidateTrial(spec.trial));
  SHADOWD_RETURN_IF_ERROR(ValidateHaproxy(spec.haproxy));
  SHADOWD_RETURN_IF_ERROR(ValidateMirror(spec.mirror));
  SHADOWD_RETURN_IF_ERROR(ValidateLoad(spec.load));
  SHADOWD_RETURN_IF_ERROR(ValidatePrices(spec.prices));
  SHADOWD_RETURN_IF_ERROR(ValidateTelemetry(spec.telemetry));
  return ValidateTogether(spec);
}

}  // namespace shadowd::config
