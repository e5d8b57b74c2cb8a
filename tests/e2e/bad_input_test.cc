// Everything that a person or a host can get wrong: each gets an error that names the field and the reason,
// the daemon stays up, and nothing is left behind.
#include <fmt/format.h>
#include <signal.h>
#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <functional>
#include <vector>

#include "daemon/io/inet_address.h"
#include "daemon/io/unique_fd.h"
#include "e2e/haproxy_process.h"
#include "e2e/live_host.h"
#include "require_ok.h"

using namespace shadowd;
using namespace shadowd::e2e;
using Catch::Matchers::Contains;

namespace {

const LiveOptions kNoBalancer{.haproxy = false, .config = ""};

// A service of tests/fakes/child in this mode.
v1::Service ChildService(const LiveHost& host, const std::vector<std::string>& mode) {
  v1::Service service = host.Shop("shop", 20);
  service.clear_mirror();
  service.mutable_bounds()->set_min(1);
  service.mutable_instance()->clear_argv();
  service.mutable_instance()->add_argv(SHADOWD_TEST_CHILD);
  service.mutable_instance()->add_argv("{port}");
  for (const std::string& word : mode) {
    service.mutable_instance()->add_argv(word);
  }
  return service;
}

// The first error of an instance of the shop, once there is one.
std::string AwaitInstanceError(LiveHost& host) {
  std::string error;
  Eventually(
      [&] {
        for (const v1::Instance& instance : All<v1::Instance>(host.client(), "services/shop")) {
          error = instance.error().empty() ? error : instance.error();
        }
        return !error.empty();
      },
      20);
  return error;
}

void RequireWell(LiveHost& host) {
  const auto status = host.client().GetStatus();
  REQUIRE_OK(status);
  CHECK(status->state() != v1::DaemonStatus::DRAINING);
  CHECK(host.daemon().Running());
}

// Takes the service away and checks that nothing of it is left while the daemon still runs.
void RequireNothingLeft(LiveHost& host) {
  REQUIRE_OK(host.client().DeleteService("services/shop"));
  CHECK(Eventually(
      [&] { return !host.client().Get<v1::Service>("services/shop").ok() && host.Others().empty(); }, 20));
  RequireWell(host);
  CHECK(host.StopDaemon(5) == 0);
  CHECK(host.AwaitGone(3) == "");
}

// Listens on a port of 127.0.0.1 so that nobody else can.
io::UniqueFd Occupy(int port) {
  io::UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const auto address = io::ParseInetAddress(fmt::format("127.0.0.1:{}", port));
  REQUIRE_OK(address);
  REQUIRE(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&*address), sizeof(*address)) == 0);
  REQUIRE(::listen(fd.get(), 1) == 0);
  return fd;
}

}  // namespace

TEST_CASE("a configuration that cannot be is refused with file, line, field and reason") {
  const Directory directory;
  const std::string path = directory.File("shadowd.yaml");
  const auto check = [&](const std::string& text) {
    WriteText(path, text);
    return Run({SHADOWD_DAEMON, "--check-config", path});
  };
  CHECK(check("log_level: info\n").code == 0);

  const Ran unknown = check("log_level: info\nsocket_pth: /x\n");
  CHECK(unknown.code == 1);
  CHECK_THAT(unknown.output, Contains(path + ":2") && Contains("socket_pth"));

  const Ran level = check("\n\nlog_level: loud\n");
  CHECK(level.code == 1);
  CHECK_THAT(level.output, Contains(path + ":3") && Contains("log_level"));

  const Ran number = check("host: {max_shadows: many}\n");
  CHECK(number.code == 1);
  CHECK_THAT(number.output, Contains(path + ":1") && Contains("max_shadows"));

  const Ran syntax = check("host: {max_shadows: 3\nlog_level: info\n");
  CHECK(syntax.code == 1);
  CHECK_THAT(syntax.output, Contains(path + ":"));

  const Ran open = check("tcp: {address: \"0.0.0.0:7777\"}\n");
  CHECK(open.code == 1);
  CHECK_THAT(open.output, Contains("tcp.tls") && Contains("loopback"));

  const Ran missing = Run({SHADOWD_DAEMON, "--check-config", directory.File("absent.yaml")});
  CHECK(missing.code == 1);
  CHECK_THAT(missing.output, Contains("absent.yaml"));
}

TEST_CASE("a service file that cannot be is refused with its file and line") {
  const Directory directory;
  const std::string services = directory.File("services");
  REQUIRE(::mkdir(services.c_str(), 0755) == 0);
  const std::string path = directory.File("shadowd.yaml");
  WriteText(path, "service_dir: " + services + "\n");
  WriteText(services + "/web.yaml", "name: web\nmode: observe\nbounds: {min: 3, max: 2}\n");
  const Ran bounds = Run({SHADOWD_DAEMON, "--check-config", path});
  CHECK(bounds.code == 1);
  CHECK_THAT(bounds.output, Contains(services + "/web.yaml:3") && Contains("bounds.max"));

  WriteText(services + "/web.yaml", "name: web\nmode: observe\nbunds: {min: 3}\n");
  const Ran key = Run({SHADOWD_DAEMON, "--check-config", path});
  CHECK(key.code == 1);
  CHECK_THAT(key.output, Contains(services + "/web.yaml:3") && Contains("bunds"));
}

TEST_CASE("flags that are unknown or incomplete are refused") {
  const Ran unknown = Run({SHADOWD_DAEMON, "--no-such-flag"});
  CHECK(unknown.code == 2);
  CHECK_THAT(unknown.output, Contains("--no-such-flag"));
  const Ran incomplete = Run({SHADOWD_DAEMON, "--config"});
  CHECK(incomplete.code == 2);
  CHECK_THAT(incomplete.output, Contains("--config"));
  const Ran shim = Run({SHADOWD_DAEMON, "--shim"});
  CHECK(shim.code == 2);
  CHECK(Run({SHADOWCTL, "--no-such-flag"}).code != 0);
  CHECK(Run({SHADOWCTL, "conquer"}).code != 0);
}

TEST_CASE("a spec, a proto field or a CSV that is wrong is named and changes nothing") {
  LiveHost host;
  host.StartDaemon();
  const auto refused = [&](const std::function<void(v1::Service&)>& spoil) {
    v1::Service service = ChildService(host, {"serve"});
    spoil(service);
    const absl::Status status = host.client().CreateService("shop", service).status();
    CHECK(status.code() == absl::StatusCode::kInvalidArgument);
    CHECK(All<v1::Service>(host.client(), "").empty());
    return client::FieldOf(status) + ": " + std::string(status.message());
  };
  CHECK_THAT(refused([](v1::Service& s) { s.mutable_bounds()->set_max(0); }), Contains("bounds.max"));
  CHECK_THAT(refused([](v1::Service& s) { s.mutable_instance()->clear_argv(); }), Contains("instance.argv"));
  CHECK_THAT(refused([](v1::Service& s) { s.mutable_instance()->add_argv("{prt}"); }), Contains("{prt}"));
  CHECK_THAT(refused([](v1::Service& s) { s.mutable_slo()->set_latency_quantile(0.42); }),
             Contains("slo.latency_quantile"));
  CHECK_THAT(refused([](v1::Service& s) { *s.mutable_shadows()->mutable_lease() = Seconds(-3); }),
             Contains("shadows.lease"));
  CHECK_THAT(refused([](v1::Service& s) { s.mutable_haproxy()->set_socket("relative.sock"); }),
             Contains("haproxy"));
  CHECK_THAT(refused([](v1::Service& s) {
               s.set_target(7);
               s.set_mode(static_cast<v1::Service::Mode>(99));
             }),
             Contains("mode"));
  const absl::Status name = host.client().CreateService("Not A Name", ChildService(host, {"serve"})).status();
  CHECK(name.code() == absl::StatusCode::kInvalidArgument);

  v1::Service observed = ChildService(host, {"serve"});
  observed.set_mode(v1::Service::OBSERVE);
  REQUIRE_OK(host.client().CreateService("shop", observed));
  const absl::Status proposal = host.client().ProposeScaling("services/shop", 99).status();
  CHECK_FALSE(proposal.ok());
  WriteText(host.directory() + "/past.csv", "time,rps\n1700000000,10\n1700000060,minus one\n");
  const Ran csv = Run({SHADOWCTL, "--address", "unix://" + host.socket_path(), "import", "shop", "--file",
                       host.directory() + "/past.csv"});
  CHECK(csv.code != 0);
  CHECK_THAT(csv.output, Contains("past.csv:3") && Contains("rps"));
  RequireNothingLeft(host);
}

TEST_CASE("a binary that does not start is named by its instance; the daemon stays up") {
  LiveHost host;
  host.StartDaemon();
  v1::Service service = ChildService(host, {"serve"});
  const auto [argv, reason] = GENERATE_COPY(table<std::string, std::string>(
      {{"/nonexistent/program", "/nonexistent/program"}, {"/etc/hostname", "/etc/hostname"}}));
  service.mutable_instance()->set_argv(0, argv);
  REQUIRE_OK(host.client().CreateService("shop", service));
  CHECK_THAT(AwaitInstanceError(host), Contains(reason));
  RequireNothingLeft(host);
}

TEST_CASE("a program that exits at once is named with its exit code") {
  LiveHost host;
  host.StartDaemon();
  REQUIRE_OK(host.client().CreateService("shop", ChildService(host, {"exit", "7"})));
  CHECK_THAT(AwaitInstanceError(host), Contains("7"));
  RequireNothingLeft(host);
}

TEST_CASE("a port that is taken is named") {
  LiveHost host;
  host.StartDaemon();
  v1::Service service = ChildService(host, {"serve"});
  service.mutable_bounds()->set_max(1);
  service.mutable_shadows()->set_max_shadows(2);
  service.mutable_instance()->set_port_last(host.first_port() + 3);  // as few as are allowed
  std::vector<io::UniqueFd> taken;
  for (int port = host.first_port(); port <= host.first_port() + 3; ++port) {
    taken.push_back(Occupy(port));
  }
  const auto created = host.client().CreateService("shop", service);
  REQUIRE_OK(created);
  CHECK_THAT(AwaitInstanceError(host),
             Contains(std::to_string(host.first_port())) && Contains("instance.port_first"));
  RequireNothingLeft(host);
}

TEST_CASE("a service that never becomes ready is ended at its deadline and the last answer is told") {
  LiveHost host;
  host.StartDaemon();
  v1::Service service = ChildService(host, {"unready"});
  *service.mutable_instance()->mutable_readiness()->mutable_deadline() = Seconds(1);
  REQUIRE_OK(host.client().CreateService("shop", service));
  CHECK_THAT(AwaitInstanceError(host), Contains("not ready within") && Contains("503"));
  RequireNothingLeft(host);
}

TEST_CASE("an unreachable HAProxy is told in the journal; the instance is not left half added") {
  LiveHost host;
  host.StartDaemon();
  v1::Service service = ChildService(host, {"serve"});
  service.mutable_haproxy()->set_socket(host.directory() + "/no-haproxy.sock");
  service.mutable_haproxy()->set_backend("shop");
  REQUIRE_OK(host.client().CreateService("shop", service));
  CHECK(Eventually([&] { return host.Journal().find("no-haproxy.sock") != std::string::npos; }, 20));
  RequireWell(host);
  RequireNothingLeft(host);
}

TEST_CASE("a second daemon on the same socket is refused and the first goes on") {
  LiveHost host(kNoBalancer);
  host.StartDaemon();
  const Ran second = Run({SHADOWD_DAEMON, "--config", host.config_path()});
  CHECK(second.code == 1);
  INFO(second.output);
  CHECK_FALSE(second.output.empty());
  RequireWell(host);
  CHECK(host.StopDaemon(5) == 0);
}

TEST_CASE("SIGHUP takes a good configuration whole and a bad one not at all") {
  LiveHost host(kNoBalancer);
  host.StartDaemon();
  const auto reload = [&](const std::string& text, const std::string& outcome) {
    const size_t from = host.Journal().size();
    WriteText(host.config_path(), text);
    host.daemon().Signal(SIGHUP);
    CHECK(Eventually(
        [&] { return host.Journal().substr(from).find("reload=" + outcome) != std::string::npos; }));
    return host.Journal().substr(from);
  };
  std::string wanted = host.BaseConfig();
  wanted.replace(wanted.find("max_shadows: 8"), 14, "max_shadows: 5");
  CHECK_THAT(reload(wanted + "log_level: loud\n", "refused"), Contains("log_level"));
  CHECK(host.client().GetStatus()->shadows_max() == 8);
  CHECK_THAT(reload(host.BaseConfig() + "watch_history: 77\n", "refused"), Contains("restart"));
  reload(wanted, "done");
  CHECK(host.client().GetStatus()->shadows_max() == 5);
  CHECK(host.StopDaemon(5) == 0);
}

TEST_CASE("SIGTERM during a trial ends within five seconds and leaves production, but no shadow") {
  LiveHost host;
  host.StartDaemon();
  REQUIRE_OK(host.client().CreateService("shop", host.Shop("shop", 20)));
  REQUIRE(Eventually([&] { return host.ServersUp(2); }, 20));
  host.StartUsers(60);
  REQUIRE(Eventually([&] { return host.client().ProposeScaling("services/shop", 3).ok(); }, 20));
  REQUIRE(Eventually([&] { return !host.Shadows().empty(); }, 10));
  CHECK(host.StopDaemon(5) == 0);
  const std::string journal = host.Journal();
  // None is made of the shadows' end.
  CHECK_THAT(journal.substr(journal.find("state=DRAINING")), !Contains("decision="));
  CHECK(host.Shadows().empty());
  CHECK(host.Instances().size() == 2);
  CHECK(host.ServersUp(2));
}
