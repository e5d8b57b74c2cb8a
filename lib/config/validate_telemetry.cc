#include "config/validate_telemetry.h"

#include <algorithm>

#include "config/field_check.h"
#include "model/presets.h"
#include "rpc/resource_name.h"

namespace shadowd::config {
namespace {

using namespace std::chrono_literals;

constexpr size_t kUrlBytesMax = 2048;
constexpr size_t kQueryBytesMax = 8192;
constexpr size_t kNameBytesMax = 256;
constexpr size_t kPresetsMax = 8;
constexpr size_t kTargetsMax = 256;
constexpr size_t kServiceRulesMax = 64;
constexpr size_t kDaemonRulesMax = 1000;
constexpr size_t kLabelsMax = 16;

Status ValidateUrl(const std::string& field, const std::string& url) {
  SHADOWD_RETURN_IF_ERROR(CheckText(field, url, kUrlBytesMax));
  const bool tls = url.starts_with("https://");
  if (!tls && !url.starts_with("http://")) {
    return BadValue(field, "must begin with http:// or https://");
  }
  const std::string rest = url.substr(tls ? 8 : 7);
  const std::string authority = rest.substr(0, rest.find('/'));
  if (authority.empty() || authority.starts_with(':')) {
    return BadValue(field, "names no host");
  }
  if (url.find_first_of("@?# ") != std::string::npos) {
    return BadValue(field, "a user, a query, a fragment or a blank does not belong there");
  }
  const size_t colon = authority.rfind(':');
  const bool port = colon != std::string::npos && authority.find(']', colon) == std::string::npos;
  if (port) {
    const std::string digits = authority.substr(colon + 1);
    const bool number =
        !digits.empty() && digits.size() <= 5 && digits.find_first_not_of("0123456789") == std::string::npos;
    if (!number || std::stoi(digits) < 1 || std::stoi(digits) > 65'535) {
      return BadValue(field, fmt::format("'{}' is not a port", digits.substr(0, 20)));
    }
  }
  return absl::OkStatus();
}

Status ValidateServer(const std::string& field, const model::HttpServer& server) {
  SHADOWD_RETURN_IF_ERROR(ValidateUrl(field + ".url", server.url));
  for (const auto& [name, path] : {std::pair{".bearer_token_file", server.bearer_token_file},
                                   {".password_file", server.password_file},
                                   {".ca_file", server.ca_file}}) {
    if (!path.empty()) {
      SHADOWD_RETURN_IF_ERROR(CheckAbsolutePath(field + name, path));
    }
  }
  SHADOWD_RETURN_IF_ERROR(CheckText(field + ".username", server.username, kNameBytesMax));
  if (server.username.find(':') != std::string::npos) {
    return BadValue(field + ".username", "a user of basic authentication has no ':'");
  }
  if (server.username.empty() != server.password_file.empty()) {
    return BadValue(field + (server.username.empty() ? ".username" : ".password_file"),
                    "username and password_file go together");
  }
  if (!server.username.empty() && !server.bearer_token_file.empty()) {
    return BadValue(field + ".bearer_token_file", "a token or a username, not both");
  }
  return CheckLength(field + ".timeout", server.timeout, 100ms, 1min);
}

Status ValidateInterval(const std::string& field, Micros interval) {
  return interval == Micros(0) ? absl::OkStatus() : CheckLength(field, interval, 1s, 1h);
}

Status ValidatePrometheus(const model::PrometheusSource& source) {
  const std::string field = "telemetry.prometheus";
  SHADOWD_RETURN_IF_ERROR(ValidateServer(field + ".server", source.server));
  if (source.presets.size() > kPresetsMax) {
    return BadValue(field + ".presets", fmt::format("at most {}", kPresetsMax));
  }
  for (size_t i = 0; i < source.presets.size(); ++i) {
    const std::string path = fmt::format("{}.presets[{}]", field, i);
    SHADOWD_RETURN_IF_ERROR(CheckText(path + ".selector", source.presets[i].selector, kQueryBytesMax));
    if (source.presets[i].selector.find_first_of("{}") != std::string::npos) {
      return BadValue(path + ".selector", "matchers without braces, as proxy=\"web\"");
    }
    if (!model::PresetQueries(source.presets[i].name, "")) {
      return BadValue(path + ".name", fmt::format("'{}' is none of {}", source.presets[i].name.substr(0, 40),
                                                  model::QueryPresetNames()));
    }
  }
  const model::KpiQueries& own = source.queries;
  for (const auto& [name, query] : {std::pair{"demand_rps", own.demand_rps},
                                    {"error_ratio", own.error_ratio},
                                    {"p50_seconds", own.p50_seconds},
                                    {"p95_seconds", own.p95_seconds},
                                    {"p99_seconds", own.p99_seconds},
                                    {"cpu_cores", own.cpu_cores},
                                    {"memory_bytes", own.memory_bytes},
                                    {"replicas", own.replicas}}) {
    if (query.size() > kQueryBytesMax) {
      return BadValue(fmt::format("{}.queries.{}", field, name),
                      fmt::format("{} bytes, more than {}", query.size(), kQueryBytesMax));
    }
  }
  if (model::QueriesOf(source).demand_rps.empty()) {
    return BadValue(field + ".queries.demand_rps", "neither given nor part of a preset");
  }
  SHADOWD_RETURN_IF_ERROR(ValidateInterval(field + ".interval", source.interval));
  SHADOWD_RETURN_IF_ERROR(CheckLength(field + ".staleness", source.staleness, 1s, 1h));
  return CheckLength(field + ".history", source.history, 0s, 90 * 24h);
}

Status ValidateScrape(const model::ScrapeSource& source) {
  const std::string field = "telemetry.scrape";
  if (source.targets.empty() || source.targets.size() > kTargetsMax) {
    return BadValue(field + ".targets", fmt::format("1..{} pages", kTargetsMax));
  }
  for (size_t i = 0; i < source.targets.size(); ++i) {
    SHADOWD_RETURN_IF_ERROR(ValidateServer(fmt::format("{}.targets[{}]", field, i), source.targets[i]));
  }
  SHADOWD_RETURN_IF_ERROR(ValidateRules(field + ".rules", source.rules, false));
  if (!source.preset.empty() && !model::PresetRules(source.preset)) {
    return BadValue(field + ".preset",
                    fmt::format("'{}' is none of {}", source.preset.substr(0, 40), model::RulePresetNames()));
  }
  const std::vector<model::KpiRule> rules = model::RulesOf(source);
  if (std::none_of(rules.begin(), rules.end(),
                   [](const auto& rule) { return rule.kpi == model::SeriesKpi::kRequests; })) {
    return BadValue(field + ".rules", "no rule and no preset tells the requests");
  }
  return ValidateInterval(field + ".interval", source.interval);
}

// "web-{job}": what stands outside the braces must be part of an id.
Status ValidateServiceTemplate(const std::string& field, const std::string& text) {
  std::string plain;
  size_t at = 0;
  while (at < text.size()) {
    const size_t open = text.find('{', at);
    plain += text.substr(at, open - at);
    if (open == std::string::npos) {
      break;
    }
    const size_t close = text.find('}', open);
    if (close == std::string::npos || close == open + 1) {
      return BadValue(field, "a '{' without a label and its '}'");
    }
    plain += 'x';
    at = close + 1;
  }
  if (const Status id = rpc::CheckServiceId(plain); !id.ok()) {
    return BadValue(field, MessageOf(id));
  }
  return absl::OkStatus();
}

Status ValidateRule(const std::string& path, const model::KpiRule& rule, bool for_daemon) {
  SHADOWD_RETURN_IF_ERROR(CheckText(path + ".metric", rule.metric, kNameBytesMax));
  if (rule.metric.empty()) {
    return BadValue(path + ".metric", "the name of a metric");
  }
  if (rule.labels.size() > kLabelsMax) {
    return BadValue(path + ".labels", fmt::format("at most {}", kLabelsMax));
  }
  for (const auto& [name, value] : rule.labels) {
    SHADOWD_RETURN_IF_ERROR(CheckText(path + ".labels", name, kNameBytesMax));
    SHADOWD_RETURN_IF_ERROR(CheckText(path + ".labels", value, kNameBytesMax));
  }
  if (!(rule.scale > 0 && rule.scale <= 1e12)) {
    return BadValue(path + ".scale", fmt::format("{} is not above 0 and at most 1e12", rule.scale));
  }
  if (for_daemon) {
    return ValidateServiceTemplate(path + ".service", rule.service);
  }
  return rule.service.empty() ? absl::OkStatus()
                              : BadValue(path + ".service", "the rules of a service are about that service");
}

}  // namespace

Status ValidateRules(const std::string& field, const std::vector<model::KpiRule>& rules, bool for_daemon) {
  const size_t most = for_daemon ? kDaemonRulesMax : kServiceRulesMax;
  if (rules.size() > most) {
    return BadValue(field, fmt::format("at most {}", most));
  }
  for (size_t i = 0; i < rules.size(); ++i) {
    SHADOWD_RETURN_IF_ERROR(ValidateRule(fmt::format("{}[{}]", field, i), rules[i], for_daemon));
  }
  return absl::OkStatus();
}

Status ValidateTelemetry(const model::TelemetrySpec& telemetry) {
  const int sources =
      (telemetry.prometheus ? 1 : 0) + (telemetry.scrape ? 1 : 0) + (telemetry.access_log ? 1 : 0);
  if (sources > 1) {
    return BadValue("telemetry", "more than one source: demand would be counted twice");
  }
  if (telemetry.prometheus) {
    return ValidatePrometheus(*telemetry.prometheus);
  }
  if (telemetry.scrape) {
    return ValidateScrape(*telemetry.scrape);
  }
  if (telemetry.access_log) {
    SHADOWD_RETURN_IF_ERROR(CheckAbsolutePath("telemetry.access_log.path", telemetry.access_log->path));
    return CheckNumber("telemetry.access_log.replicas", telemetry.access_log->replicas, 0, 10'000);
  }
  return absl::OkStatus();
}

}  // namespace shadowd::config
