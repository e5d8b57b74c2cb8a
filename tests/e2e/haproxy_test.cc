// The production side against the HAProxy of the distribution and the demo's service, all of them real
// processes.
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "daemon/io/haproxy_actuator.h"
#include "daemon/io/haproxy_client.h"
#include "daemon/io/production_observer.h"
#include "e2e/haproxy_process.h"
#include "e2e/production_world.h"
#include "require_ok.h"
#include "scale/haproxy_stat.h"

using namespace shadowd;
using e2e::DemoService;
using e2e::Eventually;
using e2e::Get;
using e2e::HaproxyProcess;
using e2e::Inbox;

namespace {

const model::ServiceId kService("web");

model::HaproxySpec Spec(const HaproxyProcess& haproxy) {
  return {.socket = haproxy.socket(), .backend = "web", .syslog_listen = "", .check = true};
}
ports::AddServer Add(const model::HaproxySpec& spec, const std::string& id, const std::string& address) {
  return {.key = model::IntentKey("add-" + id),
          .replica = model::ReplicaId(id),
          .address = address,
          .haproxy = spec};
}
ports::DrainServer Drain(const model::HaproxySpec& spec, const std::string& id, Micros deadline) {
  return {.key = model::IntentKey("drain-" + id),
          .replica = model::ReplicaId(id),
          .haproxy = spec,
          .deadline = deadline};
}
ports::RemoveServer Remove(const model::HaproxySpec& spec, const std::string& id) {
  return {.key = model::IntentKey("remove-" + id), .replica = model::ReplicaId(id), .haproxy = spec};
}

template <typename Effect>
Status Do(io::HaproxyActuator& actuator, Inbox& inbox, const Effect& effect) {
  inbox.Clear();
  actuator.Do(kService, effect);
  const auto changed = inbox.Await<ports::ServerChanged>(
      [&effect](const ports::ServerChanged& one) { return one.key == effect.key; }, 40);
  REQUIRE(changed);
  CHECK(changed->replica == effect.replica);
  return changed->result;
}

scale::HaproxyStat Stat(const HaproxyProcess& haproxy) {
  StatusOr<std::string> text = io::RunHaproxyCommand(haproxy.socket(), "show stat web 6 -1");
  REQUIRE_OK(text);
  StatusOr<scale::HaproxyStat> stat = scale::ParseHaproxyStat(*text);
  REQUIRE_OK(stat);
  return *std::move(stat);
}

std::unique_ptr<io::ProductionObserver> Observer(Inbox& inbox, std::vector<std::string>* errors = nullptr,
                                                 std::mutex* errors_mutex = nullptr) {
  auto observer = io::ProductionObserver::Create(
      inbox.Sink(),
      [] {
        return std::vector<io::Usage>{{.id = model::ReplicaId("web-i1"),
                                       .cpu_seconds = 1,
                                       .memory_bytes = 5e6,
                                       .run_delay_seconds = 0,
                                       .throttled_periods = 0}};
      },
      [] {
        return WallTime(
            std::chrono::duration_cast<Micros>(std::chrono::system_clock::now().time_since_epoch()));
      },
      [=](const model::ServiceId&, const Status& status) {
        if (errors != nullptr) {
          const std::lock_guard lock(*errors_mutex);
          errors->push_back(status.ok() ? "OK" : MessageOf(status));
        }
      });
  REQUIRE_OK(observer);
  return *std::move(observer);
}

model::ServiceSpec Service(const model::HaproxySpec& haproxy) {
  model::ServiceSpec spec;
  spec.id = kService;
  spec.haproxy = haproxy;
  return spec;
}

}  // namespace

TEST_CASE("An added server is up, takes traffic, is drained first and removed in spite of idle connections") {
  HaproxyProcess haproxy({});
  const DemoService first("web-i1");
  const DemoService second("web-i2", 300);
  REQUIRE(Eventually([&] { return !Get(first.address(), "/healthz").empty(); }));
  REQUIRE(Eventually([&] { return !Get(second.address(), "/healthz").empty(); }));
  Inbox inbox;
  io::HaproxyActuator actuator(inbox.Sink());
  const model::HaproxySpec spec = Spec(haproxy);

  REQUIRE_OK(Do(actuator, inbox, Add(spec, "web-i2", second.address())));
  CHECK(Stat(haproxy).Server("web", "web-i2")->check_status == "L4OK");
  CHECK_THAT(Get(haproxy.address(), "/work/1"), Catch::Contains("x-instance: web-i2"));
  REQUIRE_OK(Do(actuator, inbox, Add(spec, "web-i1", first.address())));
  REQUIRE_OK(Do(actuator, inbox, Add(spec, "web-i1", first.address())));  // again: nothing changes
  CHECK(Stat(haproxy).rows.size() == 3);

  // A request that is being served when the drain begins is answered by the server that is drained.
  REQUIRE_OK(io::RunHaproxyCommand(haproxy.socket(), "set server web/web-i1 state maint"));
  std::string answer;
  std::thread client([&] { answer = Get(haproxy.address(), "/work/2"); });
  REQUIRE(Eventually([&] { return Stat(haproxy).Server("web", "web-i2")->sessions == 1; }));
  REQUIRE_OK(io::RunHaproxyCommand(haproxy.socket(), "set server web/web-i1 state ready"));
  const auto drain_began = std::chrono::steady_clock::now();
  REQUIRE_OK(Do(actuator, inbox, Drain(spec, "web-i2", std::chrono::seconds(10))));
  const auto drained_in = std::chrono::steady_clock::now() - drain_began;
  client.join();
  CHECK(drained_in < std::chrono::seconds(5));
  CHECK_THAT(answer, Catch::StartsWith("HTTP/1.1 200"));
  CHECK_THAT(answer, Catch::Contains("x-instance: web-i2"));
  CHECK(Stat(haproxy).Server("web", "web-i2")->status == "DRAIN");
  for (int i = 0; i < 5; ++i) {
    CHECK_THAT(Get(haproxy.address(), "/work/3"), Catch::Contains("x-instance: web-i1"));
  }

  REQUIRE_OK(Do(actuator, inbox, Remove(spec, "web-i2")));
  CHECK(Stat(haproxy).Server("web", "web-i2") == nullptr);
  REQUIRE_OK(Do(actuator, inbox, Remove(spec, "web-i2")));  // again: gone already
  REQUIRE_OK(
      Do(actuator, inbox, Remove(spec, "web-i1")));  // holds idle connections from the requests just made
  CHECK_THAT(Get(haproxy.address(), "/work/4"), Catch::StartsWith("HTTP/1.1 503"));
}

TEST_CASE("A server whose name is taken by another address is replaced") {
  HaproxyProcess haproxy({});
  const DemoService first("old"), second("new");
  REQUIRE(Eventually([&] { return !Get(second.address(), "/healthz").empty(); }));
  REQUIRE(Eventually([&] { return !Get(first.address(), "/healthz").empty(); }));
  Inbox inbox;
  io::HaproxyActuator actuator(inbox.Sink());
  REQUIRE_OK(Do(actuator, inbox, Add(Spec(haproxy), "web-i1", first.address())));
  REQUIRE_OK(Do(actuator, inbox, Add(Spec(haproxy), "web-i1", second.address())));
  CHECK_THAT(Get(haproxy.address(), "/work/1"), Catch::Contains("x-instance: new"));
}

TEST_CASE("Servers added one by one share the traffic evenly") {
  HaproxyProcess haproxy({.balance = GENERATE("random(1)", "roundrobin", "leastconn")});
  std::vector<std::unique_ptr<DemoService>> services;
  Inbox inbox;
  io::HaproxyActuator actuator(inbox.Sink());
  for (int i = 1; i <= 4; ++i) {
    const std::string id = fmt::format("web-i{}", i);
    services.push_back(std::make_unique<DemoService>(id));
    REQUIRE(Eventually([&] { return !Get(services.back()->address(), "/healthz").empty(); }));
    REQUIRE_OK(Do(actuator, inbox, Add(Spec(haproxy), id, services.back()->address())));
  }
  for (int i = 0; i < 600; ++i) {
    CHECK_FALSE(Get(haproxy.address(), "/healthz").empty());
  }
  for (const scale::HaproxyRow& row : Stat(haproxy).rows) {
    if (row.kind == scale::HaproxyRowKind::kServer) {
      INFO(row.server << " took " << row.sessions_total);
      CHECK(row.sessions_total > 100);  // 150 expected, deviation 11
      CHECK(row.sessions_total < 200);
    }
  }
}

TEST_CASE("What is wrong with HAProxy's configuration is named") {
  Inbox inbox;
  io::HaproxyActuator actuator(inbox.Sink());
  SECTION("a balancing algorithm that is not dynamic") {
    HaproxyProcess haproxy({.balance = GENERATE("source", "static-rr")});
    const Status status = Do(actuator, inbox, Add(Spec(haproxy), "web-i1", "127.0.0.1:1"));
    CHECK(ReasonOf(status) == "BALANCE_NOT_DYNAMIC");
  }
  SECTION("algorithms that are dynamic get as far as the health check") {
    const DemoService service("web-i1");
    REQUIRE(Eventually([&] { return !Get(service.address(), "/healthz").empty(); }));
    HaproxyProcess haproxy({.balance = GENERATE("roundrobin", "leastconn", "random(2)")});
    REQUIRE_OK(Do(actuator, inbox, Add(Spec(haproxy), "web-i1", service.address())));
  }
  SECTION("a backend that is not there") {
    HaproxyProcess haproxy({});
    model::HaproxySpec spec = Spec(haproxy);
    spec.backend = "nothing";
    CHECK(ReasonOf(Do(actuator, inbox, Add(spec, "web-i1", "127.0.0.1:1"))) == "BACKEND_UNKNOWN");
    CHECK(ReasonOf(Do(actuator, inbox, Remove(spec, "web-i1"))) == "BACKEND_UNKNOWN");
    CHECK(ReasonOf(Do(actuator, inbox, Drain(spec, "web-i1", std::chrono::seconds(1)))) == "BACKEND_UNKNOWN");
  }
  SECTION("a socket without the level admin") {
    HaproxyProcess haproxy({.level = GENERATE("user", "operator")});
    CHECK(ReasonOf(Do(actuator, inbox, Add(Spec(haproxy), "web-i1", "127.0.0.1:1"))) == "SOCKET_NOT_ADMIN");
    CHECK(ReasonOf(Do(actuator, inbox, Remove(Spec(haproxy), "web-i1"))) == "SOCKET_NOT_ADMIN");
  }
  SECTION("a socket that is not there") {
    const model::HaproxySpec spec{
        .socket = "/nonexistent/haproxy.sock", .backend = "web", .syslog_listen = "", .check = true};
    const Status status = Do(actuator, inbox, Add(spec, "web-i1", "127.0.0.1:1"));
    CHECK(ReasonOf(status) == "SOCKET_UNREACHABLE");
    CHECK_THAT(MessageOf(status), Catch::Contains("/nonexistent/haproxy.sock"));
  }
}

TEST_CASE("The log accounts for every request, to the counts of the statistics and with honest latencies") {
  const bool exact = GENERATE(true, false);
  Inbox inbox;
  const auto observer = Observer(inbox);
  model::HaproxySpec spec{
      .socket = "/not/yet", .backend = "web", .syslog_listen = "127.0.0.1:0", .check = true};
  observer->Observe(Service(spec));
  const std::string log_address = observer->LogAddress(kService);
  REQUIRE(!log_address.empty());
  HaproxyProcess haproxy({.log_address = log_address, .exact_log = exact});
  spec.socket = haproxy.socket();
  observer->Observe(Service(spec));
  CHECK(observer->LogAddress(kService) == log_address);
  const DemoService service("web-i1");
  REQUIRE(Eventually([&] { return !Get(service.address(), "/healthz").empty(); }));
  io::HaproxyActuator actuator(inbox.Sink());
  REQUIRE_OK(Do(actuator, inbox, Add(spec, "web-i1", service.address())));
  REQUIRE(inbox.Await<ports::ProductionWindow>([](const auto& window) { return window.serving == 1; }));
  inbox.Clear();

  constexpr uint64_t kRequests = 120;
  for (uint64_t i = 0; i < kRequests; ++i) {
    CHECK_THAT(Get(haproxy.address(), i % 10 == 0 ? "/missing" : "/work/1"), Catch::StartsWith("HTTP/1.1"));
  }
  const auto sum = [&inbox](auto&& value) {
    uint64_t total = 0;
    for (const ports::ProductionWindow& window : inbox.All<ports::ProductionWindow>()) {
      total += value(window);
    }
    return total;
  };
  REQUIRE(Eventually(
      [&] { return sum([](const auto& window) { return window.service.completed; }) >= kRequests; }));
  CHECK(sum([](const auto& window) { return window.service.completed; }) == kRequests);
  CHECK(sum([](const auto& window) { return window.service.offered; }) == kRequests);
  CHECK(sum([](const auto& window) { return window.service.errors; }) == 0);
  REQUIRE(Eventually(
      [&] { return sum([](const auto& window) { return window.service.latency_us.size(); }) == kRequests; }));
  CHECK(sum([](const auto& window) { return window.instances.at(0).window.latency_us.size(); }) == kRequests);
  CHECK(Stat(haproxy).Backend("web")->requests_total == kRequests);
  std::vector<uint32_t> latencies;
  for (const ports::ProductionWindow& window : inbox.All<ports::ProductionWindow>()) {
    CHECK(window.complete);
    CHECK(window.instances.at(0).window.memory_bytes == Approx(5e6));
    CHECK(window.service.cpu_seconds == Approx(0));
    latencies.insert(latencies.end(), window.service.latency_us.begin(), window.service.latency_us.end());
  }
  std::sort(latencies.begin(), latencies.end());
  const uint32_t median = latencies[latencies.size() / 2];
  CHECK(median > 3'000);  // a service time of 5 ms, and the way there and back
  CHECK(median < 50'000);
  CHECK(std::any_of(latencies.begin(), latencies.end(), [](uint32_t us) { return us % 1000 != 0; }) == exact);
}

TEST_CASE("A reload loses dynamic servers, and the next window shows it") {
  HaproxyProcess haproxy({});
  const DemoService service("web-i1");
  REQUIRE(Eventually([&] { return !Get(service.address(), "/healthz").empty(); }));
  Inbox inbox;
  io::HaproxyActuator actuator(inbox.Sink());
  const auto observer = Observer(inbox);
  REQUIRE_OK(Do(actuator, inbox, Add(Spec(haproxy), "web-i1", service.address())));
  observer->Observe(Service(Spec(haproxy)));
  const auto before =
      inbox.Await<ports::ProductionWindow>([](const auto& window) { return window.serving == 1; });
  REQUIRE(before);
  CHECK(before->server_names == std::vector<std::string>{"web-i1"});
  CHECK_FALSE(before->complete);  // no log was asked for
  haproxy.Reload();
  inbox.Clear();
  const auto after =
      inbox.Await<ports::ProductionWindow>([](const auto& window) { return window.server_names.empty(); });
  REQUIRE(after);
  CHECK(after->serving == 0);
  REQUIRE_OK(Do(actuator, inbox, Add(Spec(haproxy), "web-i1", service.address())));
  CHECK(inbox.Await<ports::ProductionWindow>([](const auto& window) { return window.serving == 1; }));
}

TEST_CASE("When HAProxy is gone the windows stop, the error is told once, and they come back by themselves") {
  std::vector<std::string> errors;
  std::mutex mutex;
  Inbox inbox;
  HaproxyProcess haproxy({});
  const auto observer = Observer(inbox, &errors, &mutex);
  observer->Observe(Service(Spec(haproxy)));
  REQUIRE(inbox.Await<ports::ProductionWindow>([](const auto&) { return true; }));
  CHECK(observer->LastError(kService).ok());
  haproxy.Stop();
  REQUIRE(Eventually([&] { return !observer->LastError(kService).ok(); }));
  CHECK_THAT(MessageOf(observer->LastError(kService)), Catch::Contains(haproxy.socket()));
  inbox.Clear();
  haproxy.Start();
  const auto window = inbox.Await<ports::ProductionWindow>([](const auto&) { return true; });
  REQUIRE(window);
  CHECK(window->service.length < std::chrono::seconds(3));  // the gap is not a window
  CHECK(observer->LastError(kService).ok());
  {
    const std::lock_guard lock(mutex);
    REQUIRE(errors.size() == 2);
    CHECK(errors[1] == "OK");
  }
  model::HaproxySpec spec = Spec(haproxy);
  spec.backend = "nothing";
  observer->Observe(Service(spec));
  REQUIRE(Eventually([&] { return ReasonOf(observer->LastError(kService)) == "BACKEND_UNKNOWN"; }));
  observer->Forget(kService);
  CHECK(observer->LastError(kService).ok());
}

TEST_CASE("A log port that is taken is said, and the windows flow without it until it is free") {
  Inbox inbox;
  HaproxyProcess haproxy({});
  const auto holder = Observer(inbox);
  model::HaproxySpec spec = Spec(haproxy);
  spec.syslog_listen = "127.0.0.1:0";
  holder->Observe(Service(spec));
  spec.syslog_listen = holder->LogAddress(kService);
  inbox.Clear();
  Inbox second;
  const auto observer = Observer(second);
  observer->Observe(Service(spec));
  REQUIRE(second.Await<ports::ProductionWindow>([](const auto& window) { return !window.complete; }));
  CHECK(ReasonOf(observer->LastError(kService)) == "PORT_TAKEN");
  holder->Stop();
  holder->Forget(kService);
  REQUIRE(second.Await<ports::ProductionWindow>([](const auto& window) { return window.complete; }));
  CHECK(observer->LastError(kService).ok());
}
