#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <sstream>

#include "daemon/io/proc_files.h"
#include "e2e/provider_host.h"
#include "require_ok.h"

namespace shadowd {
namespace {

using model::Role;
using ports::ReplicaFailed;
using ports::ReplicaReady;
using ports::ReplicaStarted;
using ports::ReplicaStopped;
using std::chrono::milliseconds;
using std::chrono::seconds;
using test::Eventually;
using test::ProviderHost;

// A name that the kernel does not take for a group: what a host without writable control groups looks like.
const std::string kNoGroups = "no\ngroup";

TEST_CASE("A replica is started, found ready over HTTP, and stopped without a trace") {
  ProviderHost host;
  const auto start = host.Child("web-i1", Role::kInstance, {"serve"});
  host.Start(start);
  const auto started = host.Await<ReplicaStarted>("web-i1");
  CHECK(started.key == start.key);
  CHECK(started.address == fmt::format("127.0.0.1:{}", start.instance.port_first));
  CHECK(io::IsAlive(started.process));
  host.Await<ReplicaReady>("web-i1");
  CHECK(host.Record("web-i1").process == started.process);
  host.Stop("web-i1");
  CHECK(host.Await<ReplicaStopped>("web-i1").key.str() == "stop-web-i1");
  CHECK_FALSE(io::IsAlive(started.process));
  CHECK(host.NoFilesOf("web-i1"));
}

TEST_CASE("A TCP connect is enough where the template names no path") {
  ProviderHost host;
  auto start = host.Child("web-i1", Role::kInstance, {"unready"});
  start.instance.readiness.http_path = "";
  host.StartReady(start);
}

TEST_CASE("A replica that is never ready is ended at the deadline, and the last answer is told") {
  ProviderHost host;
  auto start = host.Child("web-i1", Role::kInstance, {"unready"});
  start.instance.readiness.deadline = milliseconds(400);
  host.Start(start);
  const auto started = host.Await<ReplicaStarted>("web-i1");
  const auto failed = host.Await<ReplicaFailed>("web-i1");
  CHECK(ReasonOf(failed.error) == "READINESS_DEADLINE");
  CHECK(MessageOf(failed.error).find("503") != std::string::npos);
  CHECK(failed.key == start.key);
  CHECK_FALSE(io::IsAlive(started.process));
  CHECK(host.NoFilesOf("web-i1"));
}

TEST_CASE("A program that is not there is told as such, naming the field") {
  ProviderHost host;
  auto start = host.Child("web-i1", Role::kInstance, {});
  start.instance.argv = {"/no/such/program", "{port}"};
  host.Start(start);
  const auto failed = host.Await<ReplicaFailed>("web-i1");
  CHECK(absl::IsNotFound(failed.error));
  CHECK(ReasonOf(failed.error) == "BINARY_NOT_FOUND");
  CHECK(FieldOf(failed.error) == "instance.argv");
  CHECK(MessageOf(failed.error).find("/no/such/program") != std::string::npos);
  CHECK(host.NoFilesOf("web-i1"));
}

TEST_CASE("A working directory, a CPU or a placeholder that does not exist fails the start with its name") {
  ProviderHost host;
  auto start = host.Child("web-t1-a0-s0", Role::kShadow, {"serve"});
  std::string named;
  SECTION("directory") {
    start.instance.working_dir = "/no/such/directory";
    named = "/no/such/directory";
  }
  SECTION("cpu") {
    start.shadow_class.cpu_set = {1023};
    named = "cpu_set";
  }
  SECTION("placeholder") {
    start.instance.argv.emplace_back("--host={host}");
    named = "instance.argv[3]";
  }
  host.Start(start);
  CHECK(MessageOf(host.Await<ReplicaFailed>("web-t1-a0-s0").error).find(named) != std::string::npos);
  CHECK(host.NoFilesOf("web-t1-a0-s0"));
}

TEST_CASE("A taken port is refused with the range, before anything is started") {
  ProviderHost host;
  const auto first = host.Child("web-i1", Role::kInstance, {"serve"});
  host.StartReady(first);
  ProviderHost other;
  auto second = other.Child("web-i2", Role::kInstance, {"serve"});
  second.instance.port_first = second.instance.port_last = first.instance.port_first;
  other.Start(second);
  const auto failed = other.Await<ReplicaFailed>("web-i2");
  CHECK(ReasonOf(failed.error) == "PORT_TAKEN");
  CHECK(FieldOf(failed.error) == "instance.port_first");
  const std::string range = fmt::format("{0} to {0}", first.instance.port_first);
  CHECK(MessageOf(failed.error).find(range) != std::string::npos);
}

TEST_CASE("A replica that exits is told with its code and its last output") {
  ProviderHost host;
  host.Start(host.Child("web-i1", Role::kInstance, {"exit", "9"}));
  const auto failed = host.Await<ReplicaFailed>("web-i1");
  CHECK(ReasonOf(failed.error) == "EXITED");
  CHECK(MessageOf(failed.error).find("code 9") != std::string::npos);
  CHECK(MessageOf(failed.error).find("no database at 10.0.0.1") != std::string::npos);
}

TEST_CASE("A replica that dies after it was ready is told without a key") {
  ProviderHost host;
  const auto started = host.StartReady(host.Child("web-i1", Role::kInstance, {"serve"}));
  REQUIRE(::kill(static_cast<pid_t>(started.process.pid), SIGSEGV) == 0);
  const auto failed = host.Await<ReplicaFailed>("web-i1");
  CHECK(failed.key.empty());
  CHECK(MessageOf(failed.error).find("signal 11") != std::string::npos);
}

TEST_CASE("A replica that ignores SIGTERM is killed when its grace is over") {
  ProviderHost host;
  const auto started = host.StartReady(host.Child("web-i1", Role::kInstance, {"stubborn"}));
  const auto before = std::chrono::steady_clock::now();
  host.Stop("web-i1", milliseconds(300));
  host.Await<ReplicaStopped>("web-i1");
  const auto took = std::chrono::steady_clock::now() - before;
  CHECK(took >= milliseconds(300));
  CHECK(took < seconds(2));
  CHECK_FALSE(io::IsAlive(started.process));
}

TEST_CASE("Stopping ends grandchildren and those who left for a session of their own") {
  ProviderHost host;
  const std::string file = host.directory() + "/family";
  const auto started = host.StartReady(host.Child("web-t1-a0-s0", Role::kShadow, {"family", file}));
  std::istringstream text(test::ReadText(file));
  std::vector<model::ProcessIdentity> family = {started.process};
  for (int64_t pid = 0; text >> pid;) {
    const auto identity = io::ReadIdentity(pid);
    REQUIRE_OK(identity);
    family.push_back(*identity);
  }
  REQUIRE(family.size() == 4);
  SECTION("as asked") {
    host.Stop("web-t1-a0-s0", milliseconds(200));
    host.Await<ReplicaStopped>("web-t1-a0-s0");
  }
  SECTION("when the leader dies") {
    ::kill(static_cast<pid_t>(started.process.pid), SIGKILL);
    host.Await<ReplicaFailed>("web-t1-a0-s0");
  }
  for (const model::ProcessIdentity& member : family) {
    CHECK_FALSE(io::IsAlive(member));
  }
}

TEST_CASE("Starting twice starts once, stopping the unknown is done at once") {
  ProviderHost host;
  const auto start = host.Child("web-i1", Role::kInstance, {"serve"});
  const auto started = host.StartReady(start);
  host.Start(start);
  CHECK(host.Await<ReplicaStarted>("web-i1").process == started.process);
  host.Await<ReplicaReady>("web-i1");
  host.Stop("web-i9");
  host.Await<ReplicaStopped>("web-i9");
}

TEST_CASE("Output is kept within its bound, the newest of it") {
  ProviderHost host;
  auto start = host.Child("web-i1", Role::kInstance, {"chatty", "300000"});
  start.instance.output_bytes_max = 10'000;
  start.instance.readiness.http_path = "";
  host.Start(start);
  host.Await<ReplicaStarted>("web-i1");
  const std::string path = host.Replica("web-i1.out");
  std::string text;
  REQUIRE(Eventually(seconds(5), [&] {
    text = test::ReadText(path);
    return text.ends_with("line 28282\n") && text.size() <= 10'000;
  }));
  CHECK(text.find("line 28200\n") != std::string::npos);
}

TEST_CASE("A child gets standard input, output and error of its own, and no other descriptor") {
  ProviderHost host;
  int inherited[2];
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, inherited) ==
          0);  // without close-on-exec, as a library might
  const std::string file = host.directory() + "/fds";
  host.Start(host.Child("web-i1", Role::kInstance, {"fds", file}));
  host.Await<ReplicaStarted>("web-i1");
  REQUIRE(Eventually(seconds(5), [&] { return !test::ReadText(file).empty(); }));
  CHECK(test::ReadText(file) == "0\n1\n2\n");
  ::close(inherited[0]);
  ::close(inherited[1]);
}

TEST_CASE("A shadow that outgrows its memory ceiling is ended and the cause is told") {
  ProviderHost host;
  std::string parent;
  SECTION("by the kernel or, without a controller, by the shim") {}
  SECTION("by the shim") {
    parent = kNoGroups;
  }
  host.Restart(parent);
  auto start = host.Child("web-t1-a0-s0", Role::kShadow, {"hungry", "200000000"});
  start.shadow_class.memory_max_bytes = 50'000'000;
  host.Start(start);
  const auto failed = host.Await<ReplicaFailed>("web-t1-a0-s0");
  const std::string reason = ReasonOf(failed.error);
  CHECK((reason == "MEMORY_EXCEEDED" || MessageOf(failed.error).find("signal 9") != std::string::npos));
}

TEST_CASE("The host's ceiling of replicas is kept") {
  ProviderHost host;
  for (int i = 0; i < 16; ++i) {
    host.Start(host.Child(fmt::format("web-i{}", i), Role::kInstance, {"deaf"}));
    host.Await<ReplicaStarted>(fmt::format("web-i{}", i));
  }
  host.Start(host.Child("web-i16", Role::kInstance, {"deaf"}));
  CHECK(ReasonOf(host.Await<ReplicaFailed>("web-i16").error) == "REPLICA_LIMIT");
}

TEST_CASE("Usage counts what a replica burns and holds") {
  ProviderHost host;
  auto start = host.Child("web-i1", Role::kInstance, {"spin"});
  host.Start(start);
  const auto started = host.Await<ReplicaStarted>("web-i1");
  REQUIRE(Eventually(seconds(20), [&] { return test::CpuSeconds(started.process.pid) > 0.3; }));
  const auto usages = host.provider().Sample();
  REQUIRE(usages.size() == 1);
  CHECK(usages[0].id.str() == "web-i1");
  CHECK(usages[0].cpu_seconds == Approx(test::CpuSeconds(started.process.pid)).margin(0.1));
  CHECK(usages[0].memory_bytes > 100'000);
  CHECK(usages[0].run_delay_seconds >= 0);
}

// Both are pinned to one CPU and never rest; whatever else runs there takes from both. What counts is how the
// two share.
double ProductionShare(ProviderHost& host) {
  auto instance = host.Child("web-i1", Role::kInstance, {"spin"});
  auto shadow = host.Child("web-t1-a0-s0", Role::kShadow, {"spin"});
  shadow.shadow_class.cpu_idle = true;
  shadow.shadow_class.cpu_set = {0};
  instance.instance.readiness.deadline = shadow.instance.readiness.deadline = std::chrono::minutes(5);
  instance.instance.argv.insert(instance.instance.argv.begin(), {"/usr/bin/taskset", "--cpu-list", "0"});
  host.Start(shadow);
  const int64_t shadow_pid = host.Await<ReplicaStarted>("web-t1-a0-s0", std::chrono::minutes(1)).process.pid;
  host.Start(instance);
  const int64_t production_pid = host.Await<ReplicaStarted>("web-i1").process.pid;
  REQUIRE(Eventually(seconds(10), [&] { return test::CpuSeconds(production_pid) > 0.1; }));
  const double production_before = test::CpuSeconds(production_pid);
  const double shadow_before = test::CpuSeconds(shadow_pid);
  REQUIRE(
      Eventually(seconds(60), [&] { return test::CpuSeconds(production_pid) - production_before > 1.5; }));
  const double production = test::CpuSeconds(production_pid) - production_before;
  const double shadow_used = test::CpuSeconds(shadow_pid) - shadow_before;
  // It was held back, not dead: alone it runs.
  host.Stop("web-i1", Micros(0));
  CHECK(Eventually(seconds(60),
                   [&] { return test::CpuSeconds(shadow_pid) > shadow_before + shadow_used + 0.02; }));
  WARN("production " << production << " s, shadow " << shadow_used << " s of CPU");
  return production / (production + shadow_used);
}

TEST_CASE("A spinning shadow leaves a spinning production instance at least 95 % of their CPU", "[cpu]") {
  ProviderHost host;
  SECTION("in sibling control groups") {
    // Below one group, so that what else the machine does cannot starve the shadow all by itself.
    host.Restart(fmt::format("shadowd-test-{}", ::getpid()));
    CHECK(ProductionShare(host) >= 0.95);
  }
  SECTION("in autogroups, where there is no control group to be had") {
    host.Restart(kNoGroups);
    CHECK_FALSE(host.provider().isolation_note().empty());
    CHECK(ProductionShare(host) >= 0.95);
  }
}

}  // namespace
}  // namespace shadowd
