#include "daemon/io/telemetry_poller.h"

#include <condition_variable>
#include <mutex>
#include <thread>

#include "fakes/http_server.h"
#include "require_ok.h"

using namespace shadowd;
using namespace shadowd::io;
using fakes::HttpServer;

namespace {

// What the poller said, waited for.
struct Heard {
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<ports::Event> events;
  std::vector<Status> errors;

  TelemetryPoller::Sink Sink() {
    return [this](ports::Event event) {
      const std::lock_guard lock(mutex);
      events.push_back(std::move(event));
      changed.notify_all();
    };
  }
  TelemetryPoller::ErrorSink Errors() {
    return [this](const model::ServiceId&, const Status& status) {
      const std::lock_guard lock(mutex);
      errors.push_back(status);
      changed.notify_all();
    };
  }
  bool Await(size_t least_events, size_t least_errors) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, std::chrono::seconds(20),
                            [&] { return events.size() >= least_events && errors.size() >= least_errors; });
  }
};

WallTime Wall() {
  return WallFromMicros(
      std::chrono::duration_cast<Micros>(std::chrono::system_clock::now().time_since_epoch()).count());
}

HttpServer::Options Saying(const std::string& body) {
  HttpServer::Options options;
  options.answer = [body](const std::string&) {
    return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  };
  return options;
}

model::ServiceSpec Spec(const std::string& id, const HttpServer& server) {
  model::ServiceSpec spec;
  spec.id = model::ServiceId(id);
  spec.forecast.resolution = std::chrono::seconds(1);
  model::PrometheusSource& source = spec.telemetry.prometheus.emplace();
  source.server.url = "http://" + server.address();
  source.queries.demand_rps = "1";
  source.history = Micros(0);
  return spec;
}

}  // namespace

TEST_CASE("Each service is asked at once and at its interval, until it is forgotten or has no source") {
  HttpServer server(Saying(R"({"status":"success","data":{"resultType":"scalar","result":[1,"5"]}})"));
  Heard heard;
  TelemetryPoller poller(heard.Sink(), Wall, heard.Errors());
  poller.Observe(Spec("a", server), WallTime());
  poller.Observe(Spec("b", server), WallTime());
  REQUIRE(heard.Await(4, 0));
  poller.Forget(model::ServiceId("a"));
  model::ServiceSpec none;
  none.id = model::ServiceId("b");
  poller.Observe(none, WallTime());
  poller.Stop();
  const std::lock_guard lock(heard.mutex);
  CHECK(heard.errors.empty());
  CHECK(std::get<ports::DemandSample>(heard.events[0].payload).rps == 5);
}

TEST_CASE("What is wrong is told once, and brings no event") {
  HttpServer server(Saying("<html>Sign in</html>"));
  Heard heard;
  TelemetryPoller poller(heard.Sink(), Wall, heard.Errors());
  poller.Observe(Spec("a", server), WallTime());
  REQUIRE(heard.Await(0, 1));
  while (server.requests() < 2) {
    std::this_thread::yield();
  }
  poller.Stop();
  const std::lock_guard lock(heard.mutex);
  CHECK(heard.events.empty());
  CHECK(heard.errors.size() == 1);
  CHECK(MessageOf(heard.errors[0]).find("Sign in") != std::string::npos);
}
