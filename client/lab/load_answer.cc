#include "lab/load_answer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <vector>

#include "ctl/table.h"

namespace shadowd::lab {
namespace {

using Json = nlohmann::ordered_json;

constexpr double kTail[] = {0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 0.9999, 1.0};
constexpr size_t kPlotWidth = 48;

double Rate(const LoadAnswer& answer) {
  return answer.seconds > 0 ? static_cast<double>(answer.counts.completed) / answer.seconds : 0;
}

Json LatencyJson(const series::Histogram& h) {
  return {{"p50", h.ValueAtQuantile(0.5)},
          {"p90", h.ValueAtQuantile(0.9)},
          {"p99", h.ValueAtQuantile(0.99)},
          {"p999", h.ValueAtQuantile(0.999)},
          {"max", h.Max()}};
}

Json LagJson(const series::Histogram& h) {
  return {{"p50", h.ValueAtQuantile(0.5)}, {"p99", h.ValueAtQuantile(0.99)}, {"max", h.Max()}};
}

Json ErrorsByKind(const load::RunCounts& counts) {
  Json errors = Json::object();
  for (const auto& [kind, count] : counts.unanswered) {
    errors[kind] = count;
  }
  for (const auto& [kind, count] : counts.wrong_answers) {
    errors[kind] = count;
  }
  return errors;
}

std::string Millis(int64_t micros) {
  return fmt::format("{:.3f}", static_cast<double>(micros) / 1000);
}

// A bar a percentile, on a logarithmic scale: tails are orders of magnitude away.
std::string Plot(const series::Histogram& h) {
  const double low = std::log10(static_cast<double>(std::max<int64_t>(1, h.ValueAtQuantile(kTail[0]) / 2)));
  const double high = std::log10(static_cast<double>(std::max<int64_t>(10, h.Max())));
  std::string text = "\nLatency, ms (bars are logarithmic)\n";
  for (const double q : kTail) {
    const int64_t value = h.ValueAtQuantile(q);
    const double at = std::log10(static_cast<double>(std::max<int64_t>(1, value)));
    const double share = high > low ? std::clamp((at - low) / (high - low), 0.0, 1.0) : 1;
    text += fmt::format("{:>9} {:>12}  {}\n", q < 1 ? fmt::format("p{:g}", 100 * q) : "max", Millis(value),
                        std::string(1 + static_cast<size_t>(share * kPlotWidth), '#'));
  }
  return text;
}

std::string RoutesText(const LoadAnswer& answer) {
  std::vector<const load::RouteCounts*> routes;
  for (const load::RouteCounts& route : answer.counts.routes) {
    routes.push_back(&route);
  }
  std::stable_sort(routes.begin(), routes.end(),
                   [](const auto* a, const auto* b) { return a->completed > b->completed; });
  std::vector<ctl::Row> rows;
  for (const load::RouteCounts* route : routes) {
    rows.push_back({route->name, std::to_string(route->completed), std::to_string(route->errors),
                    Millis(route->latency.ValueAtQuantile(0.5)),
                    Millis(route->latency.ValueAtQuantile(0.99))});
  }
  return "\n" + ctl::Table({"ROUTE", "COMPLETED", "ERRORS", "P50 MS", "P99 MS"}, rows);
}

}  // namespace

Json ToJson(const LoadAnswer& answer) {
  const load::RunCounts& c = answer.counts;
  const std::string invalid = load::WhyInvalid(c);
  Json statuses = Json::object();
  for (const auto& [status, count] : c.statuses) {
    statuses[fmt::format("{}xx", status)] = count;
  }
  Json json = {{"url", answer.url},
               {"planned", c.planned},
               {"sent", c.sent},
               {"not_sent", c.not_sent},
               {"completed", c.completed},
               {"errors", c.Errors()},
               {"errors_by_kind", ErrorsByKind(c)},
               {"statuses", statuses},
               {"seconds", answer.seconds},
               {"rate", Rate(answer)},
               {"latency_us", LatencyJson(c.latency)},
               {"send_lag_us", LagJson(c.send_lag)},
               {"connection_wait_us", LagJson(c.connection_wait)},
               {"cpu_seconds", answer.cpu_seconds},
               {"connections_opened", c.connections},
               {"bytes_sent", c.bytes_sent},
               {"bytes_received", c.bytes_received},
               {"valid", invalid.empty()},
               {"invalid_because", invalid}};
  if (c.routes.size() > 1) {
    Json routes = Json::array();
    for (const load::RouteCounts& route : c.routes) {
      routes.push_back({{"route", route.name},
                        {"completed", route.completed},
                        {"errors", route.errors},
                        {"latency_us", LatencyJson(route.latency)}});
    }
    json["routes"] = routes;
  }
  return json;
}

std::string ToText(const LoadAnswer& answer) {
  const load::RunCounts& c = answer.counts;
  std::string text = fmt::format("{}\n\n", answer.url);
  const auto line = [&](const char* name, const std::string& value) {
    text += fmt::format("{:<18}{}\n", name, value);
  };
  line("planned", fmt::format("{} in {:.1f} s", c.planned, answer.seconds));
  line("sent", c.not_sent == 0 ? fmt::format("{}", c.sent)
                               : fmt::format("{} ({} were due and found no free connection before the end)",
                                             c.sent, c.not_sent));
  line("completed", fmt::format("{}, {:.1f} a second", c.completed, Rate(answer)));
  std::string errors = std::to_string(c.Errors());
  const Json kinds = ErrorsByKind(c);
  for (const auto& [kind, count] : kinds.items()) {
    errors += fmt::format(", {} {}", kind, count.get<uint64_t>());
  }
  line("errors", errors);
  line("send lag", fmt::format("{} ms in the median, p99 {} ms", Millis(c.send_lag.ValueAtQuantile(0.5)),
                               Millis(c.send_lag.ValueAtQuantile(0.99))));
  line("waited for one", fmt::format("of {} connections: {} ms in the median, p99 {} ms", c.connections,
                                     Millis(c.connection_wait.ValueAtQuantile(0.5)),
                                     Millis(c.connection_wait.ValueAtQuantile(0.99))));
  line("bytes", fmt::format("{} sent, {} received", c.bytes_sent, c.bytes_received));
  line("CPU here", fmt::format("{:.2f} s", answer.cpu_seconds));
  if (c.completed > 0) {
    text += Plot(c.latency);
  }
  if (c.routes.size() > 1) {
    text += RoutesText(answer);
  }
  if (const std::string invalid = load::WhyInvalid(c); !invalid.empty()) {
    text += "\nNot valid: " + invalid + "\n";
  }
  return text;
}

Json ToJson(const RateSearch& search, const std::string& url, const std::string& slo) {
  Json runs = Json::array();
  for (const SearchRun& run : search.runs()) {
    runs.push_back({{"rate", run.rate},
                    {"seconds", run.seconds},
                    {"requests", run.requests},
                    {"over_limit", run.over},
                    {"holds", run.holds}});
  }
  Json json = {
      {"url", url}, {"slo", slo}, {"max_rate", search.held()}, {"failed_rate", nullptr}, {"runs", runs}};
  if (search.failed()) {
    json["failed_rate"] = *search.failed();
  }
  return json;
}

std::string ToText(const RateSearch& search, const std::string& url, const std::string& slo) {
  std::vector<ctl::Row> rows;
  for (const SearchRun& run : search.runs()) {
    rows.push_back({fmt::format("{:.1f}", run.rate), fmt::format("{:.1f}", run.seconds),
                    std::to_string(run.requests), std::to_string(run.over), run.holds ? "yes" : "not sure"});
  }
  const std::string beyond = search.failed() ? fmt::format("; {:.1f} does not surely", *search.failed()) : "";
  return fmt::format("{}\n\nholds {} up to {:.1f} requests/s{}\n\n", url, slo, search.held(), beyond) +
         ctl::Table({"RATE", "SECONDS", "REQUESTS", "OVER", "HOLDS"}, rows);
}

std::string HdrDistribution(const series::Histogram& latency) {
  std::string text =
      fmt::format("{:>12} {:>14} {:>10} {:>14}\n\n", "Value", "Percentile", "TotalCount", "1/(1-Percentile)");
  const auto count = static_cast<double>(latency.Count());
  uint64_t below = 0;
  double mean = latency.Mean(), square = 0;
  latency.ForEachBucket([&](int64_t low, int64_t high, uint64_t n) {
    below += n;
    const double middle = 0.5 * static_cast<double>(low + high);
    square += static_cast<double>(n) * (middle - mean) * (middle - mean);
    const double share = static_cast<double>(below) / count;
    const double value = static_cast<double>(std::min(high, latency.Max())) / 1000;
    text += below < latency.Count()
                ? fmt::format("{:>12.3f} {:>14.12f} {:>10} {:>14.2f}\n", value, share, below, 1 / (1 - share))
                : fmt::format("{:>12.3f} {:>14.12f} {:>10}\n", value, 1.0, below);
  });
  text += fmt::format("#[Mean    = {:>12.3f}, StdDeviation   = {:>12.3f}]\n", mean / 1000,
                      count > 0 ? std::sqrt(square / count) / 1000 : 0);
  text += fmt::format("#[Max     = {:>12.3f}, Total count    = {:>12}]\n",
                      static_cast<double>(latency.Max()) / 1000, latency.Count());
  text += "#[Buckets =           16, SubBuckets     =         2048]\n";
  return text;
}

}  // namespace shadowd::lab
