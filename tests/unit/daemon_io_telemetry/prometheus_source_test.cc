#include "daemon/io/prometheus_source.h"

#include <map>
#include <memory>
#include <mutex>

#include "daemon/io/http_client.h"
#include "fakes/http_server.h"
#include "require_ok.h"

using namespace shadowd;
using namespace shadowd::io;
using fakes::HttpServer;

namespace {

std::string Answer(const std::string& body, const std::string& status = "200 OK") {
  return "HTTP/1.1 " + status +
         "\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
         body;
}

// Answers by the query's text; what is not there has an empty result.
struct Prometheus {
  std::map<std::string, std::string> values;  // "1.5"; "!503" and the like are said as a status
  std::string range = "[]";                   // of every range query

  std::string operator()(const std::string& request) const {
    if (request.find("/api/v1/query_range") != std::string::npos) {
      return Answer(R"({"status":"success","data":{"resultType":"matrix","result":)" + range + "}}");
    }
    for (const auto& [query, value] : values) {
      if (request.find("query=" + query + "&") != std::string::npos) {
        return value.starts_with("!")
                   ? Answer("<html>sorry</html>", value.substr(1))
                   : Answer(R"({"status":"success","data":{"resultType":"vector","result":[)"
                            R"({"metric":{},"value":[1,")" +
                            value + "\"]}]}}");
      }
    }
    return Answer(R"({"status":"success","data":{"resultType":"vector","result":[]}})");
  }
};

model::ServiceSpec Spec(const HttpServer& server) {
  model::ServiceSpec spec;
  spec.id = model::ServiceId("web");
  model::PrometheusSource& source = spec.telemetry.prometheus.emplace();
  source.server.url = "http://" + server.address();
  source.queries.demand_rps = "demand";
  source.queries.replicas = "replicas";
  source.queries.p95_seconds = "p95";
  source.queries.error_ratio = "errors";
  source.history = Micros(0);
  return spec;
}

HttpServer::Options Saying(const Prometheus& prometheus) {
  HttpServer::Options options;
  options.answer = prometheus;
  return options;
}

const WallTime kNow = WallFromMicros(1'700'000'000'000'000);

}  // namespace

TEST_CASE("A round is a window of production with what the queries said") {
  HttpServer server(Saying({{{"demand", "100"}, {"replicas", "4"}, {"p95", "0.02"}, {"errors", "0.01"}}}));
  HttpClient client;
  PrometheusSource source(Spec(server), WallTime());
  CHECK(source.interval() == std::chrono::seconds(15));
  Polled polled = source.Poll(client, kNow);
  REQUIRE_OK(polled.status);
  REQUIRE(polled.events.size() == 1);
  const auto& window = std::get<ports::ProductionWindow>(polled.events[0]);
  CHECK(window.serving == 4);
  CHECK(window.service.offered == 1500);
  CHECK(window.service.errors == 15);
  CHECK(window.service.latency_us.size() == 200);
  CHECK(window.service.start == kNow - std::chrono::seconds(15));
  // The next window begins where this one ended; after a gap it does not reach back.
  polled = source.Poll(client, kNow + std::chrono::seconds(16));
  CHECK(std::get<ports::ProductionWindow>(polled.events[0]).service.length == std::chrono::seconds(16));
  polled = source.Poll(client, kNow + std::chrono::seconds(116));
  CHECK(std::get<ports::ProductionWindow>(polled.events[0]).service.length == std::chrono::seconds(15));
}

TEST_CASE("Where it is not known how many serve there is demand alone") {
  HttpServer server(Saying({{{"demand", "100"}, {"p95", "0.02"}}}));
  HttpClient client;
  const Polled polled = PrometheusSource(Spec(server), WallTime()).Poll(client, kNow);
  REQUIRE(polled.events.size() == 1);
  CHECK(std::get<ports::DemandSample>(polled.events[0]).rps == 100);
}

TEST_CASE("Demand without a value is missing, and never zero") {
  const std::string value =
      GENERATE("", "NaN", "+Inf", "-5", "!503 Service Unavailable", "!200 OK", "!401 No");
  Prometheus prometheus;
  prometheus.values = {{"replicas", "4"}};
  if (!value.empty()) {
    prometheus.values["demand"] = value;
  }
  HttpServer server(Saying(prometheus));
  HttpClient client;
  const Polled polled = PrometheusSource(Spec(server), WallTime()).Poll(client, kNow);
  INFO(polled.status.ToString());
  CHECK(polled.events.empty());
  CHECK_FALSE(polled.status.ok());
  CHECK(MessageOf(polled.status).find("demand_rps") != std::string::npos);
  CHECK(server.requests() == 1);  // asked once: the next round is the retry
}

TEST_CASE("Another KPI without a value is missing by itself") {
  HttpServer server(Saying({{{"demand", "100"}, {"replicas", "2"}, {"p95", "!503 No"}, {"errors", "NaN"}}}));
  HttpClient client;
  const Polled polled = PrometheusSource(Spec(server), WallTime()).Poll(client, kNow);
  REQUIRE(polled.events.size() == 1);
  CHECK(std::get<ports::ProductionWindow>(polled.events[0]).service.latency_us.empty());
  CHECK(MessageOf(polled.status).find("p95_seconds") != std::string::npos);
}

TEST_CASE("The past is fetched from where it is known, once, and ends before the present step") {
  HttpServer server(
      Saying({{{"demand", "100"}},
              R"([{"metric":{},"values":[[1699999000,"5"],[1699999015,"NaN"],[1699999030,"7"]]}])"}));
  model::ServiceSpec spec = Spec(server);
  spec.telemetry.prometheus->history = std::chrono::hours(1);
  HttpClient client;
  PrometheusSource source(spec, WallTime());
  Polled polled = source.Poll(client, kNow);
  REQUIRE(polled.events.size() == 2);
  const auto& history = std::get<ports::ImportHistory>(polled.events[0]);
  REQUIRE(history.demand_rps.size() == 2);
  CHECK(history.demand_rps[0] == std::pair(WallFromMicros(1'699'998'985'000'000), 5.0));
  CHECK(source.Poll(client, kNow + std::chrono::seconds(15)).events.size() == 1);
  CHECK(PrometheusSource(spec, kNow - std::chrono::seconds(20)).Poll(client, kNow).events.size() ==
        1);  // all is known
}

TEST_CASE("A long past is fetched in pieces that a Prometheus answers") {
  HttpServer server(Saying({{{"demand", "100"}}}));
  model::ServiceSpec spec = Spec(server);
  spec.telemetry.prometheus->history = std::chrono::hours(24 * 7);  // 40,320 steps
  HttpClient client;
  PrometheusSource(spec, WallTime()).Poll(client, kNow);
  int ranges = 0;
  for (const std::string& request : server.Log()) {
    ranges += request.find("query_range") != std::string::npos ? 1 : 0;
  }
  CHECK(ranges == 5);
}
