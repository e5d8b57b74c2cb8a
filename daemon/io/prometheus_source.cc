#include "daemon/io/prometheus_source.h"

#include <algorithm>

#include "daemon/io/http_client.h"
#include "daemon/io/prometheus_range.h"
#include "daemon/io/reading_event.h"
#include "kpi/prometheus_query.h"
#include "model/presets.h"

namespace shadowd::io {
namespace {

constexpr size_t kInstantBytesMax = 1 << 20;
constexpr int kPastAttempts = 3;
constexpr size_t kPastPerEvent = 50'000;
constexpr double kLongestWindow = 1.5;  // intervals; more is a gap

}  // namespace

PrometheusSource::PrometheusSource(const model::ServiceSpec& spec, WallTime known_until)
    : source_(*spec.telemetry.prometheus),
      queries_(model::QueriesOf(source_)),
      step_(spec.forecast.resolution),
      interval_(source_.interval > Micros(0)
                    ? source_.interval
                    : std::max<Micros>(spec.forecast.resolution, std::chrono::seconds(1))),
      known_until_(known_until),
      past_attempts_(source_.history > Micros(0) ? kPastAttempts : 0) {}

StatusOr<std::string> PrometheusSource::Ask(HttpClient& client, const std::string& target, size_t bytes_max) {
  SHADOWD_ASSIGN_OR_RETURN(const HttpAnswer answer, client.Get(source_.server, target, bytes_max));
  retry_after_ = std::max(retry_after_, answer.retry_after);
  return BodyOf(answer, source_.server.url);
}

std::optional<double> PrometheusSource::Value(HttpClient& client, const std::string& field,
                                              const std::string& query, WallTime now, Polled& polled) {
  if (query.empty()) {
    return std::nullopt;
  }
  StatusOr<std::optional<double>> value = std::nullopt;
  if (const auto body = Ask(client, kpi::InstantQuery(query, now, source_.staleness), kInstantBytesMax);
      body.ok()) {
    value = kpi::ParseInstant(*body);
  } else {
    value = body.status();
  }
  if (!value.ok()) {
    polled.status.Update(Annotate(value.status(), field));
    return std::nullopt;
  }
  return kpi::Plausible(*value);
}

kpi::Reading PrometheusSource::Read(HttpClient& client, WallTime now, Polled& polled) {
  kpi::Reading reading;
  reading.demand_rps = Value(client, "demand_rps", queries_.demand_rps, now, polled);
  if (!reading.demand_rps) {
    if (polled.status.ok()) {
      polled.status = WithReason(NotFound("demand_rps: no data"), "NO_DATA");
    }
    return reading;  // the others would be told of nothing
  }
  reading.replicas = Value(client, "replicas", queries_.replicas, now, polled);
  reading.error_ratio = kpi::Plausible(Value(client, "error_ratio", queries_.error_ratio, now, polled), 1);
  reading.cpu_cores = Value(client, "cpu_cores", queries_.cpu_cores, now, polled);
  reading.memory_bytes = Value(client, "memory_bytes", queries_.memory_bytes, now, polled);
  constexpr double kMicrosPerSecond = 1e6;
  for (const auto& [quantile, field, query] : {std::tuple(0.5, "p50_seconds", &queries_.p50_seconds),
                                               {0.95, "p95_seconds", &queries_.p95_seconds},
                                               {0.99, "p99_seconds", &queries_.p99_seconds}}) {
    if (const auto seconds = Value(client, field, *query, now, polled)) {
      reading.latency_us.emplace_back(quantile, *seconds * kMicrosPerSecond);
    }
  }
  // Quantiles of different estimates may cross by a little.
  for (size_t i = 1; i < reading.latency_us.size(); ++i) {
    reading.latency_us[i].second = std::max(reading.latency_us[i].second, reading.latency_us[i - 1].second);
  }
  return reading;
}

void PrometheusSource::FetchPast(HttpClient& client, WallTime now, Polled& polled) {
  const WallTime newest(now.time_since_epoch() / step_ * step_);
  const WallTime oldest(
      std::max((now - source_.history).time_since_epoch(), (known_until_ + step_).time_since_epoch()) /
      step_ * step_);
  if (newest - oldest < 2 * step_) {
    past_attempts_ = 0;
    return;
  }
  // The value at the end of a step tells of the step.
  auto points = FetchRange(client, source_.server, queries_.demand_rps, oldest + step_, newest, step_);
  if (!points.ok()) {
    polled.status.Update(Annotate(points.status(), "history"));
    return;
  }
  past_attempts_ = 0;
  ports::ImportHistory history;
  for (const auto& [at, rps] : *points) {
    if (kpi::Plausible(rps)) {
      history.demand_rps.emplace_back(at - step_, rps);
    }
    if (history.demand_rps.size() == kPastPerEvent) {
      polled.events.emplace_back(std::exchange(history, {}));
    }
  }
  if (!history.demand_rps.empty()) {
    polled.events.emplace_back(std::move(history));
  }
}

Polled PrometheusSource::Poll(HttpClient& client, WallTime now) {
  Polled polled;
  retry_after_ = Micros(0);
  if (past_attempts_ > 0) {
    FetchPast(client, now, polled);
  }
  kpi::Reading reading = Read(client, now, polled);
  polled.retry_after = retry_after_;
  if (!reading.demand_rps) {
    return polled;
  }
  if (past_attempts_ > 0) {  // the server answers, but not to that: it is not asked for ever
    --past_attempts_;
  }
  const Micros since = now - last_end_;
  const bool follows = since > Micros(0) && ToSeconds(since) <= kLongestWindow * ToSeconds(interval_);
  reading.length = follows ? since : interval_;
  reading.start = now - reading.length;
  last_end_ = now;
  polled.events.push_back(EventOf(reading));
  return polled;
}

}  // namespace shadowd::io
