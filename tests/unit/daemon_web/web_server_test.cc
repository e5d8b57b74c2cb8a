#include "daemon/web/web_server.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/io/unique_fd.h"
#include "daemon/web/metrics.h"
#include "fakes/fake_loop.h"
#include "require_ok.h"

namespace shadowd::daemon {
namespace {

std::string Get(int port, const std::string& path) {
  const io::UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  REQUIRE(::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0);
  const std::string request = "GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
  REQUIRE(::send(fd.get(), request.data(), request.size(), 0) == static_cast<ssize_t>(request.size()));
  std::string answer;
  char buffer[4096];
  for (ssize_t got = 0; (got = ::recv(fd.get(), buffer, sizeof(buffer), 0)) > 0;) {
    answer.append(buffer, static_cast<size_t>(got));
  }
  return answer;
}

bool Has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("The metrics page shows counters and the read model as it is now") {
  fakes::FakeLoop loop;
  Metrics metrics;
  const auto server = WebServer::Create("127.0.0.1:0", loop, metrics);
  REQUIRE_OK(server);
  metrics.CountRpc("Services.GetService", "OK", Micros(500));
  metrics.CountEvent("TimerFired", Micros(20));
  metrics.CountCommit(3, Micros(900));
  model::Trial trial;
  trial.service = model::ServiceId("web");
  trial.id = model::TrialId("web-t1");
  trial.state = model::TrialState::kMeasuring;
  loop.Put(trial.service, trial);
  std::string page = Get((*server)->port(), "/metrics");
  CHECK(Has(page, "HTTP/1.1 200"));
  CHECK(Has(page, "shadowd_rpc_calls_total{code=\"OK\",method=\"Services.GetService\"} 1"));
  CHECK(Has(page, "shadowd_mutations_total 3"));
  CHECK(Has(page, "shadowd_trials{state=\"MEASURING\"} 1"));
  trial.state = model::TrialState::kSettled;
  loop.Put(trial.service, trial);
  page = Get((*server)->port(), "/metrics");
  CHECK(Has(page, "shadowd_trials{state=\"MEASURING\"} 0"));
  CHECK(Has(page, "shadowd_trials{state=\"SETTLED\"} 1"));
  CHECK(Has(Get((*server)->port(), "/nothing"), "404"));
}

TEST_CASE("The health page tells a loop that answers from one that hangs or drains") {
  fakes::FakeLoop loop;
  Metrics metrics;
  const auto server = WebServer::Create("127.0.0.1:0", loop, metrics);
  REQUIRE_OK(server);
  CHECK(Has(Get((*server)->port(), "/healthz"), "200 OK"));
  loop.Hold();
  CHECK(Has(Get((*server)->port(), "/healthz"), "does not answer"));
  loop.Release();
  loop.SetDraining();
  CHECK(Has(Get((*server)->port(), "/healthz"), "503"));
}

TEST_CASE("Only a free loopback address is listened on") {
  fakes::FakeLoop loop;
  Metrics metrics;
  CHECK(absl::IsInvalidArgument(WebServer::Create("0.0.0.0:0", loop, metrics).status()));
  CHECK(absl::IsInvalidArgument(WebServer::Create("127.0.0.1", loop, metrics).status()));
  CHECK(FieldOf(WebServer::Create("127.0.0.1:http", loop, metrics).status()) == "web.address");
  const auto server = WebServer::Create("127.0.0.1:0", loop, metrics);
  REQUIRE_OK(server);
  const auto second = WebServer::Create(fmt::format("127.0.0.1:{}", (*server)->port()), loop, metrics);
  CHECK(absl::IsAlreadyExists(second.status()));
}

}  // namespace shadowd::daemon
