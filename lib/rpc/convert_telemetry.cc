#include "rpc/convert_telemetry.h"

#include <utility>

#include "rpc/convert_basic.h"

namespace shadowd::rpc {
namespace {

void WriteServer(const model::HttpServer& server, v1::HttpServer* out) {
  out->set_url(server.url);
  out->set_bearer_token_file(server.bearer_token_file);
  out->set_username(server.username);
  out->set_password_file(server.password_file);
  out->set_ca_file(server.ca_file);
  ToProto(server.timeout, out->mutable_timeout());
}

Status ReadServer(const v1::HttpServer& in, model::HttpServer& server) {
  server.url = in.url();
  server.bearer_token_file = in.bearer_token_file();
  server.username = in.username();
  server.password_file = in.password_file();
  server.ca_file = in.ca_file();
  SHADOWD_READ_OPTIONAL(in, timeout, server.timeout);
  return absl::OkStatus();
}

void WriteQueries(const model::KpiQueries& queries, v1::KpiQueries* out) {
  out->set_demand_rps(queries.demand_rps);
  out->set_error_ratio(queries.error_ratio);
  out->set_p50_seconds(queries.p50_seconds);
  out->set_p95_seconds(queries.p95_seconds);
  out->set_p99_seconds(queries.p99_seconds);
  out->set_cpu_cores(queries.cpu_cores);
  out->set_memory_bytes(queries.memory_bytes);
  out->set_replicas(queries.replicas);
}

model::KpiQueries ReadQueries(const v1::KpiQueries& in) {
  model::KpiQueries queries;
  queries.demand_rps = in.demand_rps();
  queries.error_ratio = in.error_ratio();
  queries.p50_seconds = in.p50_seconds();
  queries.p95_seconds = in.p95_seconds();
  queries.p99_seconds = in.p99_seconds();
  queries.cpu_cores = in.cpu_cores();
  queries.memory_bytes = in.memory_bytes();
  queries.replicas = in.replicas();
  return queries;
}

// Zero stands for the default, the forecast's resolution: it is left out.
template <typename Message>
void WriteInterval(Micros interval, Message* out) {
  if (interval != Micros(0)) {
    ToProto(interval, out->mutable_interval());
  }
}

void WritePart(const model::PrometheusSource& part, v1::PrometheusSource* out) {
  WriteServer(part.server, out->mutable_server());
  for (const model::QueryPreset& preset : part.presets) {
    v1::QueryPreset* to = out->add_presets();
    to->set_name(preset.name);
    to->set_selector(preset.selector);
  }
  WriteQueries(part.queries, out->mutable_queries());
  WriteInterval(part.interval, out);
  ToProto(part.staleness, out->mutable_staleness());
  ToProto(part.history, out->mutable_history());
}

Status ReadPart(const v1::PrometheusSource& in, model::PrometheusSource& part) {
  SHADOWD_RETURN_IF_ERROR(InsideField(ReadServer(in.server(), part.server), "server"));
  for (const v1::QueryPreset& preset : in.presets()) {
    part.presets.push_back({preset.name(), preset.selector()});
  }
  part.queries = ReadQueries(in.queries());
  SHADOWD_READ_OPTIONAL(in, interval, part.interval);
  SHADOWD_READ_OPTIONAL(in, staleness, part.staleness);
  SHADOWD_READ_OPTIONAL(in, history, part.history);
  return absl::OkStatus();
}

void WritePart(const model::ScrapeSource& part, v1::ScrapeSource* out) {
  for (const model::HttpServer& target : part.targets) {
    WriteServer(target, out->add_targets());
  }
  for (const model::KpiRule& rule : part.rules) {
    WriteRule(rule, out->add_rules());
  }
  out->set_preset(part.preset);
  WriteInterval(part.interval, out);
}

Status ReadPart(const v1::ScrapeSource& in, model::ScrapeSource& part) {
  for (int i = 0; i < in.targets_size(); ++i) {
    SHADOWD_RETURN_IF_ERROR(
        InsideField(ReadServer(in.targets(i), part.targets.emplace_back()), fmt::format("targets[{}]", i)));
  }
  SHADOWD_ASSIGN_OR_RETURN(part.rules, ReadRules(in.rules()));
  part.preset = in.preset();
  SHADOWD_READ_OPTIONAL(in, interval, part.interval);
  return absl::OkStatus();
}

}  // namespace

void WriteRule(const model::KpiRule& rule, v1::KpiRule* out) {
  out->set_metric(rule.metric);
  out->mutable_labels()->insert(rule.labels.begin(), rule.labels.end());
  out->set_kpi(EnumToProto<v1::KpiRule::Kpi>(rule.kpi));
  out->set_kind(EnumToProto<v1::KpiRule::Kind>(rule.kind));
  out->set_scale(rule.scale);
  out->set_service(rule.service);
}

StatusOr<std::vector<model::KpiRule>> ReadRules(const google::protobuf::RepeatedPtrField<v1::KpiRule>& in) {
  std::vector<model::KpiRule> rules;
  for (int i = 0; i < in.size(); ++i) {
    model::KpiRule& rule = rules.emplace_back();
    const std::string field = fmt::format("rules[{}]", i);
    rule.metric = in[i].metric();
    rule.labels.insert(in[i].labels().begin(), in[i].labels().end());
    SHADOWD_RETURN_IF_ERROR(InsideField(ReadEnum(in[i].kpi(), "kpi", rule.kpi), field));
    SHADOWD_RETURN_IF_ERROR(InsideField(ReadEnum(in[i].kind(), "kind", rule.kind), field));
    rule.scale = in[i].has_scale() ? in[i].scale() : rule.scale;
    rule.service = in[i].service();
  }
  return rules;
}

void WriteSpec(const model::TelemetrySpec& part, v1::TelemetrySpec* out) {
  if (part.prometheus) {
    WritePart(*part.prometheus, out->mutable_prometheus());
  }
  if (part.scrape) {
    WritePart(*part.scrape, out->mutable_scrape());
  }
  if (part.access_log) {
    v1::AccessLogSource* log = out->mutable_access_log();
    log->set_path(part.access_log->path);
    log->set_format(EnumToProto<v1::AccessLogSource::Format>(part.access_log->format));
    log->set_replicas(part.access_log->replicas);
  }
}

Status ReadSpec(const v1::TelemetrySpec& in, model::TelemetrySpec& part) {
  if (in.has_prometheus()) {
    SHADOWD_RETURN_IF_ERROR(InsideField(ReadPart(in.prometheus(), part.prometheus.emplace()), "prometheus"));
  }
  if (in.has_scrape()) {
    SHADOWD_RETURN_IF_ERROR(InsideField(ReadPart(in.scrape(), part.scrape.emplace()), "scrape"));
  }
  if (in.has_access_log()) {
    model::AccessLogSource& log = part.access_log.emplace();
    log.path = in.access_log().path();
    SHADOWD_RETURN_IF_ERROR(
        InsideField(ReadEnum(in.access_log().format(), "format", log.format), "access_log"));
    log.replicas = in.access_log().replicas();
  }
  return absl::OkStatus();
}

}  // namespace shadowd::rpc
