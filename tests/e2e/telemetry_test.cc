// Telemetry as its users have it: a real Prometheus that scrapes an exporter, real nginx, and the daemon as a
// process.
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <signal.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <memory>
#include <thread>

#include "daemon/io/http_client.h"
#include "e2e/haproxy_process.h"
#include "e2e/live_host.h"
#include "fakes/http_server.h"
#include "otlp/metrics.grpc.pb.h"
#include "require_ok.h"

using namespace shadowd;
using namespace shadowd::e2e;
using Catch::Matchers::Contains;

namespace {

constexpr double kRps = 200;

// Counts requests as time passes, 5 % of them errors, each of 20 ms; and 1.5 cores.
fakes::HttpServer::Options Exporter() {
  fakes::HttpServer::Options options;
  const auto begun = std::chrono::steady_clock::now();
  options.answer = [begun](const std::string&) {
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
    const auto requests = static_cast<int64_t>(kRps * seconds);
    const std::string body = fmt::format(
        "# TYPE shop_requests_total counter\nshop_requests_total{{code=\"200\"}} "
        "{}\nshop_requests_total{{code=\"500\"}} {}\n"
        "# TYPE shop_seconds histogram\nshop_seconds_bucket{{le=\"0.01\"}} "
        "0\nshop_seconds_bucket{{le=\"0.03\"}} {}\n"
        "shop_seconds_bucket{{le=\"+Inf\"}} {}\nshop_seconds_sum {}\nshop_seconds_count {}\n"
        "# TYPE shop_cpu_seconds_total counter\nshop_cpu_seconds_total {}\n",
        requests - requests / 20, requests / 20, requests, requests, 0.02 * static_cast<double>(requests),
        requests, 1.5 * seconds);
    return "HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\nContent-Length: " +
           std::to_string(body.size()) + "\r\n\r\n" + body;
  };
  return options;
}

class Prometheus {
 public:
  // `more`: lines of its configuration.
  Prometheus(const fakes::HttpServer& exporter, const std::string& more = "") : port_(FreePort()) {
    WriteText(
        directory_.File("prometheus.yml"),
        fmt::format("global: {{scrape_interval: 500ms}}\n"
                    "scrape_configs:\n  - job_name: shop\n    static_configs: [{{targets: ['{}']}}]\n{}",
                    exporter.address(), more));
    child_ = Child({"prometheus", "--config.file=" + directory_.File("prometheus.yml"),
                    "--storage.tsdb.path=" + directory_.File("data"),
                    fmt::format("--web.listen-address=127.0.0.1:{}", port_), "--log.level=warn"},
                   directory_.File("log"));
  }
  std::string url() const { return fmt::format("http://127.0.0.1:{}", port_); }
  // Until so many scrapes are behind it.
  bool AwaitScrapes(int count) const {
    io::HttpClient client;
    model::HttpServer server;
    server.url = url();
    return Eventually(
        [&] {
          const auto answer = client.Get(
              server,
              fmt::format(
                  "/api/v1/"
                  "query?query=count_over_time(shop_requests_total%7Bcode%3D%22200%22%7D%5B1h%5D)%3E%3D{}",
                  count),
              1 << 20);
          return answer.ok() && answer->body.find("\"value\"") != std::string::npos;
        },
        40);
  }
  std::string Log() const { return ReadText(directory_.File("log")); }

 private:
  Directory directory_;
  int port_;
  Child child_;
};

// A figure of the daemon's own page; below zero: it is not there.
class Figures {
 public:
  explicit Figures(int port) { server_.url = fmt::format("http://127.0.0.1:{}", port); }
  double Of(const std::string& name) {
    const auto page = client_.Get(server_, "/metrics", 16 << 20);
    const size_t at = page.ok() ? page->body.find("\n" + name + " ") : std::string::npos;
    return at == std::string::npos ? -1 : std::stod(page->body.substr(at + name.size() + 2));
  }
  bool Becomes(const std::string& name, double value, double share = 0.1) {
    return Eventually([&] { return std::abs(Of(name) - value) <= share * value; }, 20);
  }

 private:
  model::HttpServer server_;
  io::HttpClient client_;
};

const std::string kDemand = "shadowd_service_demand_rps{service=\"shop\"}";

std::string Service(const std::string& telemetry) {
  return "name: shop\nmode: observe\nforecast: {resolution: 1s}\ntelemetry:\n" + telemetry;
}

Ran Apply(LiveHost& host, const std::string& yaml) {
  const std::string file = host.directory() + "/shop.yaml";
  WriteText(file, yaml);
  return Run({SHADOWCTL, "--address", "unix://" + host.socket_path(), "apply", "-f", file});
}

}  // namespace

TEST_CASE("A Prometheus tells demand, latency, errors, CPU and the past; when it ends, nothing is made up") {
  fakes::HttpServer exporter(Exporter());
  auto prometheus = std::make_unique<Prometheus>(exporter);
  REQUIRE(prometheus->AwaitScrapes(20));
  const int metrics_port = FreePort();
  LiveHost host({.haproxy = false, .config = fmt::format("metrics_listen: 127.0.0.1:{}\n", metrics_port)});
  host.StartDaemon();
  const Ran applied = Apply(
      host, Service(fmt::format(
                "  prometheus:\n    server: {{url: '{}'}}\n    history: 1h\n    staleness: 5s\n"
                "    queries:\n"
                "      demand_rps: sum(rate(shop_requests_total[3s]))\n"
                "      error_ratio: sum(rate(shop_requests_total{{code=\"500\"}}[3s])) / "
                "sum(rate(shop_requests_total[3s]))\n"
                "      p95_seconds: histogram_quantile(0.95, sum by (le) (rate(shop_seconds_bucket[3s])))\n"
                "      cpu_cores: rate(shop_cpu_seconds_total[3s])\n"
                "      replicas: count(up{{job=\"shop\"}} == 1)\n",
                prometheus->url())));
  INFO(applied.output);
  REQUIRE(applied.code == 0);
  Figures figures(metrics_port);
  CHECK(figures.Becomes(kDemand, kRps));
  CHECK(figures.Becomes("shadowd_service_error_ratio{service=\"shop\"}", 0.05, 0.2));
  CHECK(figures.Becomes("shadowd_service_latency_seconds{quantile=\"0.95\",service=\"shop\"}", 0.029));
  CHECK(figures.Becomes("shadowd_service_serving{service=\"shop\"}", 1));
  const Ran audit = Run({SHADOWCTL, "--address", "unix://" + host.socket_path(), "audit"});
  CHECK_THAT(audit.output, Contains("ImportHistory") && Contains("telemetry") && Contains("demand="));

  const Ran import = Run({SHADOWCTL, "--address", "unix://" + host.socket_path(), "--json", "import", "shop",
                          "--prometheus", prometheus->url(), "--query", "sum(rate(shop_requests_total[3s]))",
                          "--from", std::to_string(::time(nullptr) - 600), "--step", "1"});
  INFO(import.output);
  CHECK(import.code == 0);
  CHECK_THAT(import.output, Contains("demand_count"));
  const Ran wrong =
      Run({SHADOWCTL, "--address", "unix://" + host.socket_path(), "import", "shop", "--prometheus",
           prometheus->url(), "--query", "sum(", "--from", "2020-01-01T00:00:00Z", "--step", "3600"});
  CHECK(wrong.code != 0);
  CHECK_THAT(wrong.output, Contains("bad_data"));

  prometheus.reset();
  CHECK(Eventually([&] { return host.Journal().find("production=unreadable") != std::string::npos; }, 20));
  CHECK_THAT(host.Journal(), Contains("demand_rps: http://127.0.0.1"));
  CHECK(figures.Of(kDemand) == Approx(kRps).epsilon(0.1));  // the last that was known, not zero
  CHECK(host.StopDaemon(5) == 0);
}

TEST_CASE("Pages of instances are scraped without a Prometheus") {
  fakes::HttpServer exporter(Exporter());
  const int metrics_port = FreePort();
  LiveHost host({.haproxy = false, .config = fmt::format("metrics_listen: 127.0.0.1:{}\n", metrics_port)});
  host.StartDaemon();
  const Ran applied = Apply(
      host,
      Service(fmt::format("  scrape:\n    targets: [{{url: 'http://{}/metrics'}}]\n    rules:\n"
                          "      - {{metric: shop_requests_total, labels: {{code: '500'}}, kpi: errors}}\n"
                          "      - {{metric: shop_requests_total, kpi: requests}}\n"
                          "      - {{metric: shop_seconds, kpi: latency}}\n"
                          "      - {{metric: shop_cpu_seconds_total, kpi: cpu}}\n",
                          exporter.address())));
  INFO(applied.output);
  REQUIRE(applied.code == 0);
  Figures figures(metrics_port);
  CHECK(figures.Becomes(kDemand, kRps));
  CHECK(figures.Becomes("shadowd_service_error_ratio{service=\"shop\"}", 0.05, 0.2));
  CHECK(figures.Becomes("shadowd_service_latency_seconds{quantile=\"0.95\",service=\"shop\"}", 0.029));
  CHECK(figures.Becomes("shadowd_service_serving{service=\"shop\"}", 1));
  CHECK(host.StopDaemon(5) == 0);
}

namespace {

const std::string kRules =
    "  rules:\n"
    "    - {metric: shop_requests_total, labels: {code: '500'}, kpi: errors, service: '{job}'}\n"
    "    - {metric: shop_requests_total, kpi: requests, service: '{job}'}\n"
    "    - {metric: shop_seconds, kpi: latency, service: '{job}'}\n"
    "    - {metric: up, kpi: replicas, service: '{job}'}\n"
    "    - {metric: http.server.request.duration, kpi: latency, service: '{service.name}'}\n"
    "    - {metric: http.server.request.duration, kpi: requests, service: '{service.name}'}\n";

namespace otel = opentelemetry::proto::collector::metrics::v1;

// A histogram of requests of 20 ms so far, as an exporter sends it each second.
otel::ExportMetricsServiceRequest Batch(uint64_t requests, int64_t offset_seconds = 0) {
  otel::ExportMetricsServiceRequest request;
  auto* resource = request.add_resource_metrics();
  auto* name = resource->mutable_resource()->add_attributes();
  name->set_key("service.name");
  name->mutable_value()->set_string_value("shop");
  auto* metric = resource->add_scope_metrics()->add_metrics();
  metric->set_name("http.server.request.duration");
  metric->mutable_histogram()->set_aggregation_temporality(2);
  auto* point = metric->mutable_histogram()->add_data_points();
  const auto now = std::chrono::system_clock::now() + std::chrono::seconds(offset_seconds);
  point->set_time_unix_nano(static_cast<uint64_t>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(now.time_since_epoch()).count()));
  point->set_count(requests);
  point->add_explicit_bounds(0.01);
  point->add_explicit_bounds(0.03);
  point->add_bucket_counts(0);
  point->add_bucket_counts(requests);
  point->add_bucket_counts(0);
  return request;
}

struct Exporting {
  std::unique_ptr<otel::MetricsService::Stub> stub;
  explicit Exporting(int port)
      : stub(otel::MetricsService::NewStub(
            grpc::CreateChannel(fmt::format("127.0.0.1:{}", port), grpc::InsecureChannelCredentials()))) {}
  grpc::Status Send(const otel::ExportMetricsServiceRequest& request,
                    otel::ExportMetricsServiceResponse* answer, bool gzip = false) {
    grpc::ClientContext context;
    if (gzip) {
      context.set_compression_algorithm(GRPC_COMPRESS_GZIP);
    }
    return stub->Export(&context, request, answer);
  }
};

}  // namespace

TEST_CASE("A Prometheus pushes by remote write, and its labels name the service") {
  fakes::HttpServer exporter(Exporter());
  const int port = FreePort();
  LiveHost host(
      {.haproxy = false,
       .config = fmt::format(
           "metrics_listen: 127.0.0.1:{}\ningest:\n  remote_write: true\n  interval: 2s\n{}", port, kRules)});
  host.StartDaemon();
  const Ran applied = Apply(host, "name: shop\nmode: observe\nforecast: {resolution: 2s}\n");
  REQUIRE(applied.code == 0);
  Prometheus prometheus(exporter, fmt::format("remote_write:\n  - url: http://127.0.0.1:{}/api/v1/write\n"
                                              "    queue_config: {{batch_send_deadline: 500ms}}\n",
                                              port));
  Figures figures(port);
  CHECK(figures.Becomes(kDemand, kRps));
  CHECK(figures.Becomes("shadowd_service_error_ratio{service=\"shop\"}", 0.05, 0.2));
  CHECK(figures.Becomes("shadowd_service_latency_seconds{quantile=\"0.95\",service=\"shop\"}", 0.029));
  CHECK(figures.Becomes("shadowd_service_serving{service=\"shop\"}", 1));
  INFO(prometheus.Log());
  // Two scrapes at least, of the counters that the figures above are made of.
  CHECK(figures.Of("shadowd_ingest_samples_total{outcome=\"taken\",protocol=\"remote_write\"}") >= 8);
  CHECK(prometheus.Log().find("non-recoverable") == std::string::npos);

  const std::string url = fmt::format("http://127.0.0.1:{}/api/v1/write", port);
  const auto post = [&](std::vector<std::string> more) {
    std::vector<std::string> argv = {"curl", "-s", "-w", "%{http_code}", "-X", "POST", url};
    argv.insert(argv.end(), more.begin(), more.end());
    return Run(argv).output;
  };
  CHECK_THAT(post({"-H", "Content-Encoding: snappy", "--data-binary", "nonsense\xff"}),
             Contains("snappy") && Contains("400"));
  CHECK_THAT(post({"--data-binary", "x"}), Contains("Content-Encoding") && Contains("415"));
  CHECK_THAT(post({"-H", "Content-Encoding: snappy", "-H", "X-Prometheus-Remote-Write-Version: 2.0.0",
                   "--data-binary", "x"}),
             Contains("1.0") && Contains("415"));
  // A length of 64 MiB and more in five bytes: refused before it is unpacked.
  CHECK_THAT(post({"-H", "Content-Encoding: snappy", "--data-binary", "\xff\xff\xff\x7f"}),
             Contains("batch_bytes_max") && Contains("413"));
  CHECK(host.StopDaemon(5) == 0);
}

TEST_CASE("OpenTelemetry's exporters push by OTLP, packed too, and hear what was refused") {
  const int port = FreePort();
  const int otlp = FreePort();
  LiveHost host({.haproxy = false,
                 .config = fmt::format(
                     "metrics_listen: 127.0.0.1:{}\ningest:\n  otlp_listen: 127.0.0.1:{}\n  interval: 1s\n"
                     "  batch_bytes_max: 64KiB\n{}",
                     port, otlp, kRules)});
  host.StartDaemon();
  REQUIRE(Apply(host, "name: shop\nmode: observe\nforecast: {resolution: 1s}\n").code == 0);
  Exporting exporting(otlp);
  Figures figures(port);
  const auto begun = std::chrono::steady_clock::now();
  otel::ExportMetricsServiceResponse answer;
  CHECK(Eventually(
      [&] {
        const double seconds =
            std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
        CHECK(exporting.Send(Batch(static_cast<uint64_t>(kRps * seconds)), &answer, true).ok());
        CHECK_FALSE(answer.has_partial_success());
        return figures.Of("shadowd_ingest_windows_total{outcome=\"taken\"}") > 3;
      },
      20));
  CHECK(figures.Of("shadowd_ingest_samples_total{outcome=\"taken\",protocol=\"otlp\"}") > 3);
  REQUIRE(exporting.Send(Batch(1, -1'700'000'000), &answer).ok());
  CHECK(answer.partial_success().rejected_data_points() == 1);
  CHECK_THAT(answer.partial_success().error_message(), Contains("older"));
  REQUIRE(exporting.Send(Batch(1, 2'300'000'000), &answer).ok());
  CHECK_THAT(answer.partial_success().error_message(), Contains("ahead of the daemon's clock"));
  REQUIRE(exporting.Send({}, &answer).ok());
  CHECK_FALSE(answer.has_partial_success());
  otel::ExportMetricsServiceRequest large;
  for (int i = 0; i < 1000; ++i) {
    *large.add_resource_metrics() = Batch(1).resource_metrics(0);
  }
  CHECK(exporting.Send(large, &answer).error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED);
  CHECK(exporting.Send(large, &answer, true).error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED);
  CHECK(host.StopDaemon(5) == 0);
}
