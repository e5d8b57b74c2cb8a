#include "daemon/io/scrape_source.h"

#include <atomic>
#include <memory>

#include "daemon/io/http_client.h"
#include "fakes/http_server.h"
#include "require_ok.h"

using namespace shadowd;
using namespace shadowd::io;
using fakes::HttpServer;

namespace {

// Counts up by `step` with each scrape.
HttpServer::Options Counting(int step, std::shared_ptr<std::atomic<bool>> down = nullptr) {
  HttpServer::Options options;
  auto total = std::make_shared<std::atomic<int>>(0);
  options.answer = [=](const std::string&) {
    const std::string body =
        "# TYPE requests counter\nrequests{code=\"200\"} " + std::to_string(*total += step) + "\n";
    return std::string(down != nullptr && *down ? "HTTP/1.1 503 No" : "HTTP/1.1 200 OK") +
           "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  };
  return options;
}

model::ServiceSpec Spec(const std::vector<const HttpServer*>& servers) {
  model::ServiceSpec spec;
  spec.id = model::ServiceId("web");
  model::ScrapeSource& source = spec.telemetry.scrape.emplace();
  for (const HttpServer* server : servers) {
    source.targets.emplace_back().url = "http://" + server->address() + "/metrics";
  }
  source.rules.emplace_back().metric = "requests";
  return spec;
}

WallTime At(int64_t seconds) {
  return WallFromMicros((1'700'000'000 + seconds) * 1'000'000);
}

}  // namespace

TEST_CASE("Counters of all pages are the demand, and the pages are the instances") {
  HttpServer one(Counting(150)), two(Counting(300));
  ScrapeSource source(Spec({&one, &two}));
  HttpClient client;
  CHECK(source.Poll(client, At(0)).events.empty());
  const Polled polled = source.Poll(client, At(15));
  REQUIRE_OK(polled.status);
  REQUIRE(polled.events.size() == 1);
  const auto& window = std::get<ports::ProductionWindow>(polled.events[0]);
  CHECK(window.service.offered == 450);
  CHECK(window.service.start == At(0));
  CHECK(window.serving == 2);
}

TEST_CASE("A page that is silent makes the window missing, not small") {
  auto down = std::make_shared<std::atomic<bool>>(false);
  HttpServer one(Counting(150)), two(Counting(300, down));
  ScrapeSource source(Spec({&one, &two}));
  HttpClient client;
  source.Poll(client, At(0));
  *down = true;
  Polled polled = source.Poll(client, At(15));
  CHECK(polled.events.empty());
  CHECK(MessageOf(polled.status).find("503") != std::string::npos);
  *down = false;
  polled = source.Poll(client, At(30));
  REQUIRE(polled.events.size() == 1);
  CHECK(std::get<ports::ProductionWindow>(polled.events[0]).service.offered == Approx(150 + 300).margin(1));
}

TEST_CASE("A page of something else is named, with its line") {
  HttpServer::Options options;
  options.answer = [](const std::string&) { return "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>"; };
  HttpServer server(options);
  HttpClient client;
  const Status status = ScrapeSource(Spec({&server})).Poll(client, At(0)).status;
  CHECK(MessageOf(status).find("/metrics: line 1: not a sample: <html>") != std::string::npos);
}
