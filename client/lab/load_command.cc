#include "lab/load_command.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>

#include "daemon/io/load_run.h"
#include "input/input_file.h"
#include "lab/condition.h"
#include "lab/load_answer.h"
#include "lab/load_question.h"
#include "lab/load_target.h"
#include "lab/rate_search.h"

namespace shadowd::lab {
namespace {

constexpr size_t kConnectionsMax = 10'000;
constexpr int kThreadsMax = 64;
constexpr Micros kDurationDefault = std::chrono::seconds(10);
constexpr size_t kRoutesMax = 64;  // measured apart; the others together

std::atomic<bool> stopped{false};

load::Wire WireOf(const LoadArguments& a) {
  return !a.grpc.empty() ? load::Wire::kGrpc : a.http2 ? load::Wire::kHttp2 : load::Wire::kHttp1;
}

StatusOr<std::vector<WeightedForm>> Forms(const LoadArguments& a, const load::Url& url) {
  std::vector<WeightedForm> forms;
  if (!a.mix.empty() || !a.log.empty()) {
    const std::string& file = a.mix.empty() ? a.log : a.mix;
    SHADOWD_ASSIGN_OR_RETURN(const std::string text, input::ReadInput(file));
    return a.mix.empty() ? ParseLog(text, file, a.hour) : ParseMix(text, file, a.hour, a.seed);
  }
  WeightedForm form;
  form.form.method = a.grpc.empty() ? a.method : "POST";
  form.form.target = a.grpc.empty() ? url.target : "/" + a.grpc;
  if (!a.body.empty()) {
    SHADOWD_ASSIGN_OR_RETURN(form.form.body, input::ReadInput(a.body));
  }
  form.route = form.form.method + " " + form.form.target;
  forms.push_back(std::move(form));
  return forms;
}

Status AddRequests(const LoadArguments& a, const load::Url& url, io::LoadOptions& options) {
  SHADOWD_ASSIGN_OR_RETURN(std::vector<WeightedForm> forms, Forms(a, url));
  std::vector<std::pair<std::string, std::string>> headers;
  for (const std::string& text : a.headers) {
    SHADOWD_ASSIGN_OR_RETURN(auto header, load::ParseHeader(text));
    headers.push_back(std::move(header));
  }
  std::optional<uint64_t> expected;
  if (!a.expect.empty()) {
    SHADOWD_ASSIGN_OR_RETURN(const std::string body, input::ReadInput(a.expect));
    expected = load::BodyHash(body);
  }
  std::map<std::string, size_t> routes;
  for (WeightedForm& form : forms) {
    form.form.headers = headers;
    SHADOWD_ASSIGN_OR_RETURN(load::WireRequest request,
                             load::ToWire(form.form, WireOf(a), url.tls ? "https" : "http", url.Authority()));
    const std::string& route =
        routes.size() + 1 < kRoutesMax || routes.contains(form.route) ? form.route : "other";
    const auto [found, fresh] = routes.try_emplace(route, options.routes.size());
    if (fresh) {
      options.routes.push_back(route);
    }
    request.route = found->second;
    request.expected_body = expected;
    options.requests.push_back(std::make_shared<const load::WireRequest>(std::move(request)));
    options.weights.push_back(form.weight);
  }
  return absl::OkStatus();
}

Status AddPlan(const LoadArguments& a, load::SendPlanOptions& plan) {
  SHADOWD_ASSIGN_OR_RETURN(ArrivalChoice arrival, ParseArrival(a.arrival));
  const bool traced = !arrival.trace.empty();
  if (!a.rate.empty() && !a.profile.empty()) {
    return InvalidArgument("--rate and --profile both say how much is sent: give one");
  }
  if (a.rate.empty() && a.profile.empty() && !traced) {
    return InvalidArgument("how much is to be sent? --rate R, --profile F.csv or --arrival trace:F");
  }
  if (traced && !a.profile.empty()) {
    return InvalidArgument("--arrival trace: says when each request is sent; a --profile cannot");
  }
  plan.arrivals = arrival.kind;
  plan.order = arrival.order;
  plan.gamma_shape = arrival.gamma_shape;
  plan.seed = a.seed;
  std::optional<double> seconds;
  if (!a.duration.empty()) {
    SHADOWD_ASSIGN_OR_RETURN(const Micros duration, ParseLength("--duration", a.duration));
    seconds = ToSeconds(duration);
  }
  if (traced) {
    SHADOWD_ASSIGN_OR_RETURN(const std::string text, input::ReadInput(arrival.trace));
    double rate = 0;
    if (!a.rate.empty()) {
      SHADOWD_ASSIGN_OR_RETURN(const load::RateCurve curve, ParseRate(a.rate, 1));
      rate = curve.RateAt(0);
    }
    SHADOWD_ASSIGN_OR_RETURN(plan.recorded, ParseTimes(text, arrival.trace, rate));
    plan.seconds = seconds.value_or(plan.recorded.back() + 1e-6);
    return absl::OkStatus();
  }
  if (!a.profile.empty()) {
    SHADOWD_ASSIGN_OR_RETURN(const std::string text, input::ReadInput(a.profile));
    SHADOWD_ASSIGN_OR_RETURN(RateProfile profile, ParseProfile(text, a.profile));
    plan.rate = std::move(profile.rate);
    plan.seconds = seconds.value_or(profile.seconds);
    return absl::OkStatus();
  }
  plan.seconds = seconds.value_or(ToSeconds(kDurationDefault));
  SHADOWD_ASSIGN_OR_RETURN(plan.rate, ParseRate(a.rate, plan.seconds));
  return absl::OkStatus();
}

StatusOr<io::LoadOptions> Options(const LoadArguments& a, const load::Url& url) {
  if (!a.mix.empty() && !a.log.empty()) {
    return InvalidArgument("--mix and --log both say what is sent: give one");
  }
  if (!a.grpc.empty() && a.grpc.find('/') == std::string::npos) {
    return InvalidArgument("--grpc: \"{}\": expected package.Service/Method", a.grpc);
  }
  io::LoadOptions options;
  const char* protocol = WireOf(a) == load::Wire::kHttp1 ? "http/1.1" : "h2";
  SHADOWD_ASSIGN_OR_RETURN(options.target, TargetOf(url, protocol, !a.insecure, a.ca));
  SHADOWD_ASSIGN_OR_RETURN(options.target.timeout, ParseLength("--timeout", a.timeout));
  options.threads = a.threads;
  options.target.connections = std::max<size_t>(1, a.connections / static_cast<size_t>(a.threads));
  options.target.requests_per_connection = a.requests_per_connection;
  options.http2 = WireOf(a) != load::Wire::kHttp1;
  options.requests_max = a.requests;
  SHADOWD_RETURN_IF_ERROR(AddPlan(a, options.plan));
  SHADOWD_RETURN_IF_ERROR(AddRequests(a, url, options));
  return options;
}

void Show(const io::LoadSnapshot& now, double of_seconds) {
  std::fprintf(stderr, "\r%.0f of %.0f s: %llu sent, %llu answered, %llu errors\033[K", now.seconds,
               of_seconds, static_cast<unsigned long long>(now.sent),
               static_cast<unsigned long long>(now.completed), static_cast<unsigned long long>(now.errors));
}

Status RunOnce(const LoadArguments& a, const load::Url& url, bool json) {
  if (!a.points.empty()) {
    return InvalidArgument("--points goes with --search, whose runs it holds");
  }
  SHADOWD_ASSIGN_OR_RETURN(const io::LoadOptions options, Options(a, url));
  const bool terminal = isatty(STDERR_FILENO) == 1;
  SHADOWD_ASSIGN_OR_RETURN(io::LoadResult result,
                           io::RunLoad(options, stopped, [&](const io::LoadSnapshot& now) {
                             if (terminal) {
                               Show(now, options.plan.seconds);
                             }
                           }));
  if (terminal) {
    std::fputs("\r\033[K", stderr);
  }
  const bool whole = !stopped.load() && a.requests == 0;
  const LoadAnswer answer{a.url, std::move(result.counts), whole ? options.plan.seconds : result.seconds,
                          result.cpu_seconds};
  if (!a.hdr.empty()) {
    SHADOWD_RETURN_IF_ERROR(input::WriteOutput(a.hdr, HdrDistribution(answer.counts.latency)));
  }
  const std::string text = json ? ToJson(answer).dump(2) + "\n" : ToText(answer);
  std::fwrite(text.data(), 1, text.size(), stdout);
  if (answer.counts.planned > 0 && answer.counts.completed == 0) {
    return Unavailable("{} answered no request", a.url);
  }
  return absl::OkStatus();
}

// Of the requests that were planned: over the limit, errors, or never sent.
uint64_t Over(const load::RunCounts& counts, const model::Slo& slo) {
  const uint64_t within = counts.latency.RankOf(slo.latency_limit.count());
  uint64_t wrong = 0;
  for (const auto& [kind, count] : counts.wrong_answers) {
    wrong += count;
  }
  return counts.planned - std::min(counts.planned, within - std::min(within, wrong));
}

std::string PointRow(double rate, const load::RunCounts& counts) {
  const auto& latency = counts.latency;
  const double errors =
      static_cast<double>(counts.Errors()) / static_cast<double>(std::max<uint64_t>(1, counts.sent));
  return fmt::format("{:.3f},{},{},{},{:.6f},{}\n", rate, latency.ValueAtQuantile(0.5),
                     latency.ValueAtQuantile(0.95), latency.ValueAtQuantile(0.99), errors, counts.completed);
}

Status RunSearch(const LoadArguments& a, const load::Url& url, bool json) {
  if (!a.rate.empty() || !a.profile.empty() || a.arrival.starts_with("trace:")) {
    return InvalidArgument(
        "--search chooses the rates itself: neither --rate, --profile nor recorded times go with it");
  }
  SHADOWD_ASSIGN_OR_RETURN(const model::Slo slo, ParseSlo({a.search}));
  RateSearch::Options search_options;
  search_options.allowed_over = 1 - slo.latency_quantile;
  RateSearch search(search_options);
  std::string points = "load_rps,p50_us,p95_us,p99_us,error_rate,requests\n";
  while (const auto next = search.NextRun()) {
    LoadArguments run = a;
    run.rate = fmt::format("{:.3f}", next->rate);
    run.duration = fmt::format("{}ms", std::max<int64_t>(1, std::llround(1000 * next->seconds)));
    run.seed = a.seed + search.runs().size();
    SHADOWD_ASSIGN_OR_RETURN(const io::LoadOptions options, Options(run, url));
    SHADOWD_ASSIGN_OR_RETURN(const io::LoadResult result,
                             io::RunLoad(options, stopped, [](const io::LoadSnapshot&) {}));
    if (stopped.load()) {
      break;
    }
    points += PointRow(next->rate, result.counts);
    search.Add(result.counts.planned, Over(result.counts, slo));
    if (isatty(STDERR_FILENO) == 1) {
      std::fprintf(stderr, "\r%.0f requests/s: %s\033[K", next->rate,
                   search.runs().back().holds ? "holds" : "not sure to hold");
    }
  }
  if (isatty(STDERR_FILENO) == 1) {
    std::fputs("\r\033[K", stderr);
  }
  if (!a.points.empty()) {
    SHADOWD_RETURN_IF_ERROR(input::WriteOutput(a.points, points));
  }
  const std::string text =
      json ? ToJson(search, a.url, a.search).dump(2) + "\n" : ToText(search, a.url, a.search);
  std::fwrite(text.data(), 1, text.size(), stdout);
  return search.held() > 0 ? absl::OkStatus()
                           : FailedPrecondition("{} holds {} at no rate that was tried", a.url, a.search);
}

}  // namespace

void AddLoadOptions(CLI::App& load, LoadArguments& a) {
  load.add_option("url", a.url, "http://HOST[:PORT][/PATH] or https://...")->required();
  load.add_option("--rate", a.rate,
                  "Requests per second: R, a ramp A..B over the run, or steps A,B,C of equal length");
  load.add_option(
      "--profile", a.profile,
      "CSV of the rate: columns time (or timestamp) and value (or rps); straight lines between rows");
  load.add_option(
          "--arrival", a.arrival,
          "How they scatter: poisson, constant, erlang:N (behind round robin over N), gamma:K (each\n"
          "second's rate times a gamma variable of shape K), trace:F (recorded times; --rate stretches)")
      ->capture_default_str();
  load.add_option("--duration", a.duration, "Length of the run (10s, 2m); 10s, or the profile's");
  load.add_option("--connections", a.connections, "At most so many at a time")
      ->check(CLI::Range(size_t{1}, kConnectionsMax))
      ->capture_default_str();
  load.add_option("--threads", a.threads, "That send; each takes its share of the connections")
      ->check(CLI::Range(1, kThreadsMax))
      ->capture_default_str();
  load.add_option("--requests", a.requests, "End after so many; 0 = no budget")->capture_default_str();
  load.add_option("--requests-per-connection", a.requests_per_connection,
                  "Then it is closed and another opened; 0 = kept")
      ->capture_default_str();
  load.add_option("--timeout", a.timeout, "From the planned time to the end of the answer")
      ->capture_default_str();
  load.add_option("--method", a.method)->capture_default_str();
  load.add_option("--header", a.headers, "\"Name: value\", may be repeated")->allow_extra_args(false);
  load.add_option("--body", a.body, "File with the body; with --grpc, one message");
  load.add_option("--expect", a.expect, "File with the only right answer's body; others are errors (body)");
  load.add_option(
      "--mix", a.mix,
      "CSV of requests: weight, method, path and optionally body, hour; a path may have {1-1000}, {uuid}");
  load.add_option("--log", a.log,
                  "Access log (Common or Combined): its GETs and HEADs, as frequent as there");
  load.add_option("--hour", a.hour, "Of --mix or --log only what belongs to this hour of day")
      ->check(CLI::Range(0, 23));
  load.add_flag("--http2", a.http2, "HTTP/2, in clear text with prior knowledge");
  load.add_option("--grpc", a.grpc,
                  "gRPC method to call, package.Service/Method, with the message of --body");
  load.add_option("--ca", a.ca, "Certificates (PEM) of the authorities to trust; the system's by default");
  load.add_flag("--insecure", a.insecure, "Take any certificate");
  load.add_option("--seed", a.seed, "The same seed plans the same times")->capture_default_str();
  load.add_option(
      "--search", a.search,
      "Look for the highest rate within this SLO, as 'p95_us<=50000', instead of sending one rate");
  load.add_option("--points", a.points, "Write the search's runs into this CSV, for capacity fit --points");
  load.add_option("--hdr", a.hdr,
                  "Write the latencies' percentile distribution into this file (HdrHistogram's format)");
}

Status RunLoadCommand(const LoadArguments& a, bool json) {
  SHADOWD_ASSIGN_OR_RETURN(const load::Url url, load::ParseUrl(a.url));
  std::signal(SIGINT, [](int) { stopped.store(true); });
  std::signal(SIGTERM, [](int) { stopped.store(true); });
  return a.search.empty() ? RunOnce(a, url, json) : RunSearch(a, url, json);
}

}  // namespace shadowd::lab
