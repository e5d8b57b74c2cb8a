// The journal of the daemon as a process: recorded, cut off by SIGKILL, replayed by shadowctl.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "e2e/haproxy_process.h"
#include "e2e/live_host.h"
#include "require_ok.h"

using namespace shadowd;
using namespace shadowd::e2e;
using Catch::Matchers::Contains;

namespace {

v1::Service Advised() {
  v1::Service service;
  service.set_mode(v1::Service::ADVISE);
  service.mutable_bounds()->set_max(6);
  return service;
}

Ran Replay(const std::string& path) {
  return Run({SHADOWCTL, "replay", path, "--transitions", "-o", "json"}, 60);
}

nlohmann::json Exact(const std::string& path) {
  const Ran ran = Replay(path);
  INFO(ran.output);
  REQUIRE(ran.code == 0);
  auto json = nlohmann::json::parse(ran.output);
  CHECK(json["exact"] == true);
  CHECK(json["replayed"] == json["events"]);
  return json;
}

// Has been written, at most a second after it happened; the journal replays exactly whenever it is looked at.
void AwaitKind(const std::string& path, const std::string& kind) {
  CHECK(Eventually([&] { return Exact(path)["events_by_kind"].contains(kind); }, 10));
}

void Configure(const LiveHost& host, const std::string& journal) {
  WriteText(host.config_path(), host.BaseConfig() + "journal: {path: " + journal + "}\n");
}

}  // namespace

TEST_CASE("a live service with trials replays exactly after a kill in the middle of one, and after a stop") {
  LiveHost host;
  const std::string journal = host.directory() + "/journal";
  Configure(host, journal);
  host.StartDaemon();
  v1::Service shop = host.Shop("shop", 20);
  shop.mutable_instance()->set_argv(shop.instance().argv_size() - 1, "0.2");  // seconds to start
  shop.mutable_shadows()->set_levels_auto_max(1);
  shop.mutable_bounds()->set_max(4);
  *shop.mutable_trial()->mutable_warm_up() = Seconds(0.5);
  *shop.mutable_trial()->mutable_deadline() = Seconds(2);
  REQUIRE_OK(host.client().CreateService("shop", shop));
  REQUIRE(Eventually([&] { return host.ServersUp(2); }, 20));
  host.StartUsers(60);
  REQUIRE(Eventually([&] { return host.client().ProposeScaling("services/shop", 3).ok(); }, 20));
  REQUIRE(Eventually([&] { return !All<v1::Model>(host.client(), "services/shop").empty(); }, 30));
  // The next trial, and the kill while its shadows are measured.
  REQUIRE(Eventually([&] { return host.client().ProposeScaling("services/shop", 4).ok(); }, 20));
  REQUIRE(Eventually([&] { return !host.Shadows().empty(); }, 20));
  host.KillDaemon();
  const nlohmann::json killed = Exact(journal);
  for (const char* kind : {"ApplyService", "ProposeScaling", "ReplicaStarted", "ReplicaReady",
                           "ServerChanged", "ProductionWindow", "ShadowWindow", "TimerFired"}) {
    INFO(kind);
    CHECK(killed["events_by_kind"].contains(kind));
  }
  CHECK(killed["end"] == "");
  CHECK(killed["seconds"] > 3.0);

  host.StartDaemon();  // begins a new file, with what was stored
  CHECK(Exact(journal + ".1") == killed);
  AwaitKind(journal, "ReplicaFound");
  AwaitKind(journal, "ProductionWindow");
  host.StopUsers();
  REQUIRE_OK(host.client().DeleteService("services/shop"));
  CHECK(Eventually([&] { return host.Instances().empty(); }, 20));
  CHECK(host.StopDaemon(5) == 0);
  const nlohmann::json stopped = Exact(journal);
  CHECK(stopped["events_by_kind"]["Restored"] == 1);
  CHECK(stopped["end"] == "the daemon stopped");
}

TEST_CASE("fits, a freeze and refusals replay exactly; a start that fails keeps the journal that was there") {
  LiveHost host({.haproxy = false, .config = ""});
  const std::string journal = host.directory() + "/journal";
  Configure(host, journal);
  host.StartDaemon();
  REQUIRE_OK(host.client().CreateService("web", Advised()));
  std::vector<v1::DemandSample> past(2000);
  for (size_t i = 0; i < past.size(); ++i) {
    past[i].mutable_time()->set_seconds(1'700'000'000 + 15 * static_cast<int64_t>(i));
    past[i].set_rps(100 + static_cast<double>(i * i % 40));
  }
  REQUIRE_OK(host.client().ImportHistory("services/web", past, {}));
  REQUIRE_OK(host.client().SetFreeze(true, "a test"));
  CHECK_FALSE(host.client().ProposeScaling("services/none", 2).ok());
  REQUIRE_OK(host.client().Retrain("services/web"));
  AwaitKind(journal, "Retrain");
  AwaitKind(journal, "ForecastFitted");
  host.KillDaemon();
  const nlohmann::json killed = Exact(journal);
  CHECK(killed["fits"] > 0);
  CHECK_THAT(killed["transitions"].dump(), Contains("service=web"));

  WriteText(host.config_path(),
            host.BaseConfig() + "metrics_listen: 192.0.2.1:1\njournal: {path: " + journal + "}\n");
  host.SpawnDaemon();
  CHECK(host.daemon().Await(10).value_or(0) != 0);
  CHECK(Exact(journal) == killed);

  Configure(host, journal);
  host.StartDaemon();
  REQUIRE_OK(host.client().SetFreeze(false, ""));
  CHECK(host.StopDaemon(5) == 0);
  CHECK(Exact(journal + ".1") == killed);
  CHECK(Exact(journal)["events_by_kind"]["Restored"] == 1);
}

TEST_CASE("replay says what is wrong with a file that is no journal, and where one is damaged") {
  Directory directory;
  const std::string file = directory.File("journal");
  WriteText(file, "SQLite format 3");
  const Ran other = Replay(file);
  CHECK(other.code == 2);
  CHECK_THAT(other.output, Contains("no journal"));
  CHECK(Replay(directory.File("none")).code == 3);
}
