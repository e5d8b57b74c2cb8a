#include "input/prometheus_history.h"

#include "daemon/io/http_client.h"
#include "daemon/io/prometheus_range.h"
#include "input/csv_reader.h"

namespace shadowd::input {
namespace {

constexpr double kStepsMax = 2'000'000;

StatusOr<WallTime> TimeOf(const char* option, const std::string& text) {
  const StatusOr<WallTime> at = ParseTime(text);
  return at.ok() ? at : Annotate(at.status(), option);
}

}  // namespace

StatusOr<std::string> ReadPrometheus(const PrometheusHistory& history, WallTime now) {
  if (!history.url.starts_with("http://") && !history.url.starts_with("https://")) {
    return InvalidArgument("--prometheus: '{}' does not begin with http:// or https://", Shown(history.url));
  }
  if (history.query.empty()) {
    return InvalidArgument("--query: the PromQL expression of the demand");
  }
  SHADOWD_ASSIGN_OR_RETURN(const WallTime from, TimeOf("--from", history.from));
  WallTime to = now;
  if (!history.to.empty()) {
    SHADOWD_ASSIGN_OR_RETURN(to, TimeOf("--to", history.to));
  }
  if (to <= from) {
    return InvalidArgument("--to: not later than --from");
  }
  if (ToSeconds(to - from) / history.step_seconds > kStepsMax) {
    return InvalidArgument("--step: more than {:.0f} steps between --from and --to", kStepsMax);
  }
  const Micros step = FromSeconds(history.step_seconds);
  model::HttpServer server;
  server.url = history.url;
  server.timeout = std::chrono::seconds(60);
  server.bearer_token_file = history.bearer_token_file;
  server.ca_file = history.ca_file;
  io::HttpClient client;
  // On whole steps, and each value told of the step that ends with it.
  const WallTime first(from.time_since_epoch() / step * step + step);
  SHADOWD_ASSIGN_OR_RETURN(const auto points, io::FetchRange(client, server, history.query, first, to, step));
  if (points.empty()) {
    return NotFound("{}: the query has no value between --from and --to", history.url);
  }
  std::string csv = "time,value\n";
  for (const auto& [at, value] : points) {
    if (value >= 0) {
      csv += fmt::format("{:.3f},{}\n", static_cast<double>(ToMicros(at - step)) * 1e-6, value);
    }
  }
  return csv;
}

}  // namespace shadowd::input
