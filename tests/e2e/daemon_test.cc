// The daemon as a process without any balancer: the kill switch, what a restart keeps, what it tells of
// itself.
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>
#include <cmath>
#include <numbers>

#include "e2e/haproxy_process.h"
#include "e2e/live_host.h"
#include "require_ok.h"
#include "shadowd/sample_stream.h"

using namespace shadowd;
using namespace shadowd::e2e;
using Catch::Matchers::Contains;

namespace {

const LiveOptions kNoBalancer{.haproxy = false, .config = ""};

v1::Service Observed() {
  v1::Service service;
  service.set_mode(v1::Service::OBSERVE);
  return service;
}

// Whether the daemon comes to say that it is frozen, or not, and why.
bool Becomes(LiveHost& host, bool frozen, const std::string& reason) {
  return Eventually(
      [&] {
        const auto status = host.client().GetStatus();
        return status.ok() && status->frozen() == frozen && status->freeze_reason() == reason;
      },
      10);
}

}  // namespace

TEST_CASE("the kill switch works by call, by signal and by file, and is kept over a restart") {
  LiveHost host(kNoBalancer);
  const std::string file = host.directory() + "/freeze";
  host.StartDaemon();
  CHECK(Becomes(host, false, ""));
  host.daemon().Signal(SIGUSR1);
  CHECK(Becomes(host, true, "SIGUSR1"));
  host.daemon().Signal(SIGUSR2);
  CHECK(Becomes(host, false, ""));

  REQUIRE_OK(host.client().SetFreeze(true, "incident 42"));
  host.KillDaemon();
  host.StartDaemon();
  CHECK(Becomes(host, true, "incident 42"));

  WriteText(file, "");
  REQUIRE_OK(host.client().SetFreeze(false, ""));
  CHECK(Becomes(host, true, "the file " + file + " exists"));
  CHECK(host.StopDaemon(5) == 0);
  REQUIRE(::unlink(file.c_str()) == 0);
  host.StartDaemon();
  CHECK(Becomes(host, false, ""));
  CHECK(host.StopDaemon(5) == 0);
}

TEST_CASE("a restart has what was acknowledged before the first call, and says how much") {
  LiveHost host(kNoBalancer);
  host.StartDaemon();
  for (const char* id : {"one", "two", "three"}) {
    REQUIRE_OK(host.client().CreateService(id, Observed()));
  }
  const std::string etag = host.client().Get<v1::Service>("services/two")->etag();
  CHECK_FALSE(etag.empty());
  host.KillDaemon();
  const size_t from = host.Journal().size();
  WriteText(host.config_path(), host.BaseConfig() + "limits: {max_services: 2}\n");  // fewer than there are
  host.SpawnDaemon();
  client::Options eager;  // a new connection each time: an old one pauses before it tries again
  eager.address = "unix://" + host.socket_path();
  eager.attempts = 1;
  absl::Status created = absl::UnavailableError("not yet");
  REQUIRE(Eventually(
      [&] {
        created = client::Client::Connect(eager).value()->CreateService("two", Observed()).status();
        return created.code() != absl::StatusCode::kUnavailable;
      },
      20));
  CHECK(created.code() == absl::StatusCode::kAlreadyExists);
  host.AwaitDaemon();
  CHECK(host.client().Get<v1::Service>("services/two")->etag() == etag);
  CHECK(All<v1::Service>(host.client(), "").size() == 3);
  REQUIRE_OK(host.client().Retrain("services/three"));  // its machine is there too, not only its row
  CHECK(host.client().CreateService("four", Observed()).status().code() ==
        absl::StatusCode::kResourceExhausted);
  CHECK_THAT(host.Journal().substr(from), Contains("state=READY") && Contains("services=3"));
  CHECK(host.StopDaemon(5) == 0);
}

TEST_CASE("a killed daemon forecasts again from what it had stored, as a day has it") {
  // Four days between 200 and 1000 rps, and what is reported live goes on with them.
  const int64_t now =
      std::chrono::duration_cast<std::chrono::minutes>(std::chrono::system_clock::now().time_since_epoch())
          .count();
  const auto demand = [](int64_t minute) {
    return 600 - 400 * std::cos(2 * std::numbers::pi * static_cast<double>(minute % 1440) / 1440);
  };
  const auto sample = [&](int64_t minute) {
    v1::DemandSample made;
    made.mutable_time()->set_seconds(60 * minute);
    made.set_rps(demand(minute));
    return made;
  };
  LiveHost host(kNoBalancer);
  host.StartDaemon();
  v1::Service service = Observed();
  service.mutable_forecast()->mutable_resolution()->set_seconds(60);
  service.mutable_forecast()->set_horizon_steps(60);
  REQUIRE_OK(host.client().CreateService("shop", service));
  std::vector<v1::DemandSample> past;
  for (int64_t minute = now - 4 * 1440; minute < now - 120; ++minute) {
    past.push_back(sample(minute));
  }
  REQUIRE_OK(host.client().ImportHistory("services/shop", past, {}));
  const auto forecast = [&](int64_t minute) {
    client::SampleStream stream(host.client());
    v1::Sample live;
    *live.mutable_demand() = sample(minute);
    REQUIRE_OK(stream.Send("services/shop", {live}));
    REQUIRE_OK(stream.Close());
    REQUIRE(stream.refused() == 0);
    return host.client().Get<v1::Forecast>("services/shop/forecast");
  };
  // The reported minutes before this one; each makes a forecast of the hour to come.
  int64_t minute = now - 120;
  std::string reason;
  const auto ready = [&] {
    const auto made = forecast(minute++);
    reason = made.ok() ? made->degraded_reason() : std::string(made.status().message());
    return made.ok() && made->state() == v1::Forecast::READY;
  };
  const auto follows_the_day = [&] {
    const auto made = host.client().Get<v1::Forecast>("services/shop/forecast");
    REQUIRE_OK(made);
    REQUIRE(made->steps_size() == 60);
    for (const v1::Forecast::Step& step : made->steps()) {
      CHECK(step.expected_rps() == Approx(demand(step.time().seconds() / 60)).epsilon(0.05));
    }
  };
  for (const bool killed : {false, true}) {
    if (killed) {
      host.KillDaemon();
      host.StartDaemon();
    }
    const bool is_ready = Eventually(ready, 10);
    INFO((killed ? "after the kill: " : "before it: ") << reason);
    REQUIRE(is_ready);
    follows_the_day();
  }
  CHECK(host.StopDaemon(5) == 0);
}

TEST_CASE("the daemon tells what it takes and what waits in it, and is degraded where something is amiss") {
  LiveHost host(kNoBalancer);
  host.StartDaemon();
  const auto status = host.client().GetStatus();
  REQUIRE_OK(status);
  CHECK(status->resident_bytes() > 1e6);
  CHECK(status->resident_bytes() < 1e9);
  CHECK(status->loop_queue() >= 0);
  CHECK(status->store_queue() >= 0);
  CHECK((status->state() == v1::DaemonStatus::DEGRADED) == (status->degraded_reasons_size() > 0));
  const Ran told = Run({SHADOWCTL, "--address", "unix://" + host.socket_path(), "status"});
  CHECK(told.code == 0);
  CHECK_THAT(told.output, Contains("0 services") && Contains("MiB resident"));
  CHECK(host.StopDaemon(5) == 0);
}

TEST_CASE("every change has its row in the audit, with who made it") {
  LiveHost host(kNoBalancer);
  host.StartDaemon();
  client::Client& client = host.client();
  REQUIRE_OK(client.CreateService("web", Observed()));
  v1::Service patch = Observed();
  patch.set_name("services/web");
  patch.mutable_bounds()->set_max(7);
  REQUIRE_OK(client.UpdateService(patch, {"bounds.max"}));
  v1::DemandSample past;
  past.mutable_time()->set_seconds(1'700'000'000);
  past.set_rps(12);
  REQUIRE_OK(client.ImportHistory("services/web", {past}, {}));
  REQUIRE_OK(client.Retrain("services/web"));
  REQUIRE_OK(client.SetFreeze(true, "a test"));
  REQUIRE_OK(client.SetFreeze(false, ""));
  REQUIRE_OK(client.DeleteService("services/web"));
  CHECK_FALSE(client.ProposeScaling("services/web", 2).ok());  // refused: no row
  const auto entries = client.ListAuditEntries(100);
  REQUIRE_OK(entries);
  std::vector<std::string> methods;
  for (const v1::AuditEntry& entry : *entries) {
    methods.push_back(entry.method());
    CHECK_THAT(entry.actor(), Contains("uid=" + std::to_string(::getuid())) && Contains("via=unix"));
  }
  std::reverse(methods.begin(), methods.end());
  CHECK(methods == std::vector<std::string>{"ApplyService", "ApplyService", "ImportHistory", "Retrain",
                                            "Freeze", "Unfreeze", "DeleteService"});
  CHECK(host.StopDaemon(5) == 0);
}

TEST_CASE("shadowctl ends a live shadow, then its trial: they are gone at once and production stays") {
  LiveHost host;
  host.StartDaemon();
  REQUIRE_OK(host.client().CreateService("shop", host.Shop("shop", 20)));
  REQUIRE(Eventually([&] { return host.ServersUp(2); }, 20));
  host.StartUsers(60);
  REQUIRE(Eventually([&] { return host.client().ProposeScaling("services/shop", 3).ok(); }, 20));
  v1::Shadow shadow;
  REQUIRE(Eventually(
      [&] {
        for (const v1::Shadow& each : All<v1::Shadow>(host.client(), "services/shop/trials/-")) {
          shadow = each.state() == v1::Replica::READY ? each : shadow;
        }
        return !shadow.name().empty();
      },
      20));
  const auto ctl = [&](const std::string& command, const std::string& name) {
    return Run({SHADOWCTL, "--address", "unix://" + host.socket_path(), command, name});
  };
  const Ran ended = ctl("terminate", shadow.name().substr(shadow.name().rfind('/') + 1));
  INFO(ended.output);
  CHECK(ended.code == 0);
  CHECK(Eventually([&] { return ::kill(static_cast<pid_t>(shadow.process().pid()), 0) != 0; }, 2));

  const std::string trial = shadow.name().substr(0, shadow.name().find("/shadows/"));
  const Ran cancelled = ctl("cancel", trial);
  INFO(cancelled.output);
  CHECK(cancelled.code == 0);
  CHECK_THAT(cancelled.output, Contains("CANCELLED"));
  CHECK(Eventually([&] { return host.Shadows().empty(); }, 2));
  CHECK(ctl("terminate", shadow.name()).code != 0);
  CHECK(ctl("cancel", trial).code == 4);
  CHECK(host.ServersUp(2));
  CHECK(host.StopDaemon(5) == 0);
}
