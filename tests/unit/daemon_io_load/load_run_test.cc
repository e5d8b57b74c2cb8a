// Real sockets to a small real server.
#include "daemon/io/load_run.h"

#include <sys/resource.h>

#include <catch2/catch.hpp>
#include <numeric>

#include "fakes/http_server.h"
#include "load/request_form.h"

namespace shadowd::io {
namespace {

LoadOptions To(const std::string& address, double rate, double seconds) {
  LoadOptions options;
  const StatusOr<Endpoint> endpoint = ParseEndpoint(address, "target");
  REQUIRE(endpoint.ok());
  options.target.endpoint = *endpoint;
  options.target.timeout = std::chrono::seconds(2);
  options.plan.rate = load::RateCurve(rate);
  options.plan.seconds = seconds;
  options.plan.seed = 1;
  const StatusOr<load::WireRequest> request = load::ToWire({}, load::Wire::kHttp1, "http", address);
  REQUIRE(request.ok());
  options.requests = {std::make_shared<const load::WireRequest>(*request)};
  options.weights = {1};
  options.routes = {"GET /"};
  return options;
}

load::RunCounts Run(const LoadOptions& options) {
  const std::atomic<bool> never{false};
  const StatusOr<LoadResult> result = RunLoad(options, never, [](const LoadSnapshot&) {});
  REQUIRE(result.ok());
  const load::RunCounts& c = result->counts;
  uint64_t unanswered = 0;
  for (const auto& [kind, count] : c.unanswered) {
    unanswered += count;
  }
  // Nothing is lost sight of, whatever the target does.
  CHECK(c.planned == c.sent + c.not_sent);
  CHECK(c.sent == c.completed + unanswered);
  CHECK(c.latency.Count() == c.completed);
  return result->counts;
}

}  // namespace

TEST_CASE("every planned request is sent once and answered, also by several threads") {
  fakes::HttpServer server;
  for (const int threads : {1, 3}) {
    const uint64_t before = server.requests();
    LoadOptions options = To(server.address(), 1000, 1);
    options.threads = threads;
    const load::RunCounts counts = Run(options);
    load::SendPlan plan(options.plan);
    uint64_t planned = 0;
    while (plan.Next()) {
      ++planned;
    }
    CHECK(counts.planned == planned);
    CHECK(counts.completed == planned);
    CHECK(counts.Errors() == 0);
    CHECK(server.requests() - before == planned);
    CHECK(counts.statuses.at(2) == planned);
    CHECK(counts.bytes_received ==
          planned * std::string("HTTP/1.1 200 Fake\r\nContent-Length: 3\r\n\r\nok\n").size());
  }
}

TEST_CASE("latency counts from the planned time: a pause of the server is not left out") {
  fakes::HttpServer::Options slow;
  slow.delay_us = 10'000;
  slow.pause_after_us = 1'500'000;
  slow.pause_us = 1'000'000;
  fakes::HttpServer server(slow);
  LoadOptions options = To(server.address(), 200, 5);
  options.plan.arrivals = load::ArrivalKind::kConstant;
  options.target.connections = 512;
  const load::RunCounts counts = Run(options);
  // A fifth of the requests falls into the pause and waits for its end: 10 ms for the others, uniform up to 1
  // s for these.
  const auto at = [&](double q) { return static_cast<double>(counts.latency.ValueAtQuantile(q)); };
  const auto near = [](double truth) {
    return Approx(truth).margin(std::max(0.02 * truth, 500.0)).epsilon(0);
  };
  INFO("p50 " << at(0.5) << " p90 " << at(0.9) << " p99 " << at(0.99) << " p99.9 " << at(0.999));
  CHECK(at(0.5) == near(10'000));
  CHECK(at(0.9) == near(500'000));
  CHECK(at(0.99) == near(950'000));
  CHECK(at(0.999) == near(995'000));
}

TEST_CASE("with too few connections requests wait in the plan, and their latency says so") {
  fakes::HttpServer::Options slow;
  slow.delay_us = 20'000;
  fakes::HttpServer server(slow);
  LoadOptions options = To(server.address(), 200, 1);  // two connections answer 100 a second
  options.target.connections = 2;
  const load::RunCounts counts = Run(options);
  CHECK(counts.connections == 2);
  CHECK(counts.completed < 115);
  CHECK(counts.not_sent > 70);
  CHECK(counts.connection_wait.ValueAtQuantile(0.9) > 200'000);
  CHECK(counts.latency.ValueAtQuantile(0.9) > 200'000);
  CHECK(counts.send_lag.ValueAtQuantile(0.5) < 20'000);  // that is not the sender's fault
}

TEST_CASE("errors are counted by kind") {
  SECTION("nobody listens") {
    std::string address;
    {
      fakes::HttpServer gone;
      address = gone.address();
    }
    const load::RunCounts counts = Run(To(address, 200, 0.3));
    CHECK(counts.unanswered.at("connect") == counts.sent);
  }
  SECTION("never answers") {
    fakes::HttpServer::Options stall;
    stall.stall = true;
    fakes::HttpServer server(stall);
    LoadOptions options = To(server.address(), 100, 0.3);
    options.target.timeout = std::chrono::milliseconds(200);
    const load::RunCounts counts = Run(options);
    CHECK(counts.unanswered.at("timeout") == counts.sent);
    CHECK(load::WhyInvalid(counts) == "no request was answered");
  }
  SECTION("answers garbage") {
    fakes::HttpServer::Options bad;
    bad.garbage = "SSH-2.0-OpenSSH_9.2\r\n\r\n";
    fakes::HttpServer server(bad);
    const load::RunCounts counts = Run(To(server.address(), 200, 0.3));
    CHECK(counts.unanswered.at("malformed") == counts.sent);
  }
  SECTION("closes in the middle") {
    fakes::HttpServer::Options bad;
    bad.garbage = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf";
    bad.close = true;
    fakes::HttpServer server(bad);
    const load::RunCounts counts = Run(To(server.address(), 200, 0.3));
    CHECK(counts.unanswered.at("reset") == counts.sent);
  }
  SECTION("answers with errors") {
    fakes::HttpServer::Options bad;
    bad.status = 503;
    fakes::HttpServer server(bad);
    const load::RunCounts counts = Run(To(server.address(), 200, 0.3));
    CHECK(counts.completed == counts.sent);
    CHECK(counts.wrong_answers.at("status_5xx") == counts.sent);
  }
  SECTION("answers something else than expected") {
    fakes::HttpServer server;
    LoadOptions options = To(server.address(), 200, 0.3);
    load::WireRequest request = *options.requests[0];
    request.expected_body = load::BodyHash("ok\n");
    options.requests = {std::make_shared<const load::WireRequest>(request)};
    CHECK(Run(options).Errors() == 0);
    request.expected_body = load::BodyHash("no\n");
    options.requests = {std::make_shared<const load::WireRequest>(request)};
    const load::RunCounts counts = Run(options);
    CHECK(counts.wrong_answers.at("body") == counts.sent);
  }
}

TEST_CASE("out of descriptors: counted, and the others go on") {
  fakes::HttpServer::Options slow;
  slow.delay_us = 300'000;
  fakes::HttpServer server(slow);
  LoadOptions options = To(server.address(), 400, 0.5);
  options.target.connections = 1000;
  rlimit before{};
  getrlimit(RLIMIT_NOFILE, &before);
  rlimit few = before;
  few.rlim_cur = 120;
  setrlimit(RLIMIT_NOFILE, &few);
  const load::RunCounts counts = Run(options);
  setrlimit(RLIMIT_NOFILE, &before);
  CHECK(counts.unanswered.at("no_descriptor") > 0);
  CHECK(counts.completed > 10);
}

TEST_CASE("a server that closes after each answer costs connections, not requests") {
  fakes::HttpServer::Options closes;
  closes.close = true;
  fakes::HttpServer server(closes);
  const load::RunCounts counts = Run(To(server.address(), 200, 0.5));
  CHECK(counts.completed == counts.planned);
  CHECK(counts.connections >= counts.planned);
}

TEST_CASE("connections are closed after as many requests as asked") {
  fakes::HttpServer server;
  LoadOptions options = To(server.address(), 400, 0.5);
  options.target.requests_per_connection = 4;
  const load::RunCounts counts = Run(options);
  CHECK(counts.Errors() == 0);
  CHECK(counts.connections >= counts.completed / 4);
}

TEST_CASE("a budget of requests ends the run") {
  fakes::HttpServer server;
  LoadOptions options = To(server.address(), 1000, 10);
  options.requests_max = 100;
  options.threads = 2;
  CHECK(Run(options).planned == 100);
}

TEST_CASE("routes are drawn by weight and measured apart") {
  fakes::HttpServer server;
  LoadOptions options = To(server.address(), 2000, 1);
  options.routes = {"GET /a", "GET /b"};
  options.requests.clear();
  for (size_t i = 0; i < 2; ++i) {
    load::RequestForm form;
    form.target = i == 0 ? "/a" : "/b";
    load::WireRequest request = *load::ToWire(form, load::Wire::kHttp1, "http", server.address());
    request.route = i;
    options.requests.push_back(std::make_shared<const load::WireRequest>(request));
  }
  options.weights = {3, 1};
  const load::RunCounts counts = Run(options);
  REQUIRE(counts.routes.size() == 2);
  CHECK(counts.routes[0].completed + counts.routes[1].completed == counts.completed);
  CHECK(static_cast<double>(counts.routes[0].completed) / static_cast<double>(counts.completed) ==
        Approx(0.75).margin(0.04));
  CHECK(counts.routes[1].latency.Count() == counts.routes[1].completed);
}

TEST_CASE("a run that is stopped ends soon and tells what it measured") {
  fakes::HttpServer server;
  std::atomic<bool> stop{false};
  const StatusOr<LoadResult> result =
      RunLoad(To(server.address(), 500, 3600), stop, [&](const LoadSnapshot& now) {
        CHECK(now.completed > 300);
        stop.store(true);
      });
  REQUIRE(result.ok());
  CHECK(result->seconds < 3);
  CHECK(result->counts.completed > 300);
}

}  // namespace shadowd::io
