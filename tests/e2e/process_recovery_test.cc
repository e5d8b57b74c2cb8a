#include <signal.h>

#include "daemon/io/proc_files.h"
#include "e2e/provider_host.h"
#include "provider/replica_record.h"
#include "require_ok.h"

namespace shadowd {
namespace {

using model::Role;
using ports::ReplicaFailed;
using ports::ReplicaFound;
using ports::ReplicaReady;
using ports::ReplicaStarted;
using ports::ReplicaStopped;
using std::chrono::milliseconds;
using std::chrono::seconds;
using test::Eventually;
using test::ProviderHost;

io::KnownReplica Known(const ports::StartReplica& start, const ReplicaStarted& started) {
  return {test::kService, start.replica, start.role, started.process, started.address};
}

bool Gone(const model::ProcessIdentity& process) {
  return Eventually(seconds(5), [&] { return !io::IsAlive(process); });
}

TEST_CASE("A shadow ends within its lease and a second once nobody renews it") {
  ProviderHost host;
  auto shadow = host.Child("web-t1-a0-s0", Role::kShadow, {"serve"});
  shadow.lease = milliseconds(1200);
  const auto instance = host.Child("web-i1", Role::kInstance, {"serve"});
  const auto shadow_started = host.StartReady(shadow);
  const auto instance_started = host.StartReady(instance);
  // Renewed, it outlives the lease.
  CHECK_FALSE(Eventually(seconds(2), [&] { return !io::IsAlive(shadow_started.process); }));
  const auto before = std::chrono::steady_clock::now();
  host.provider().Shutdown(false, Micros(0));
  CHECK(Eventually(seconds(5), [&] { return !io::IsAlive(shadow_started.process); }));
  CHECK(std::chrono::steady_clock::now() - before < shadow.lease + seconds(1));
  CHECK(io::IsAlive(instance_started.process));
  CHECK(host.NoFilesOf("web-t1-a0-s0"));
  host.Restart();
}

TEST_CASE("A shadow ends at its ttl although its lease is renewed") {
  ProviderHost host;
  auto start = host.Child("web-t1-a0-s0", Role::kShadow, {"serve"});
  start.ttl = milliseconds(700);
  host.StartReady(start);
  CHECK(ReasonOf(host.Await<ReplicaFailed>("web-t1-a0-s0").error) == "TTL_REACHED");
}

TEST_CASE("A new daemon adopts instances and listed shadows, and ends the shadows it does not know") {
  ProviderHost host;
  const auto instance = host.Child("web-i1", Role::kInstance, {"serve"});
  const auto kept = host.Child("web-t1-a0-s0", Role::kShadow, {"serve"});
  const auto stray = host.Child("web-t1-a1-s0", Role::kShadow, {"serve"});
  const auto instance_started = host.StartReady(instance);
  const auto kept_started = host.StartReady(kept);
  const auto stray_started = host.StartReady(stray);
  host.Restart();
  host.provider().Recover({Known(instance, instance_started),
                           Known(kept, kept_started),
                           {test::kService, model::ReplicaId("web-i8"), Role::kInstance, {}, ""}});
  CHECK(host.Await<ReplicaFound>("web-i1").alive);
  host.Await<ReplicaReady>("web-i1");
  CHECK(host.Await<ReplicaFound>("web-t1-a0-s0").alive);
  CHECK_FALSE(host.Await<ReplicaFound>("web-i8").alive);
  CHECK(Gone(stray_started.process));
  CHECK(host.NoFilesOf("web-t1-a1-s0"));
  // Still renewed after its first lease, and both can be stopped.
  CHECK_FALSE(Eventually(milliseconds(3500), [&] { return !io::IsAlive(kept_started.process); }));
  CHECK_FALSE(host.Has<ReplicaFailed>("web-t1-a1-s0"));
  host.Stop("web-i1");
  host.Stop("web-t1-a0-s0");
  host.Await<ReplicaStopped>("web-i1");
  host.Await<ReplicaStopped>("web-t1-a0-s0");
  CHECK_FALSE(io::IsAlive(instance_started.process));
  CHECK_FALSE(io::IsAlive(kept_started.process));
}

TEST_CASE(
    "A start that was never reported is found with its address after a restart, and not started twice") {
  ProviderHost host;
  const auto start = host.Child("web-i1", Role::kInstance, {"serve"});
  const auto started = host.StartReady(start);
  host.Restart();
  SECTION("by recovery") {
    host.provider().Recover({{test::kService, start.replica, Role::kInstance, {}, ""}});
    CHECK(host.Await<ReplicaStarted>("web-i1").address == started.address);
    CHECK(host.Await<ReplicaFound>("web-i1").alive);
  }
  SECTION("by the start repeated") {
    host.Start(start);
    CHECK(host.Await<ReplicaStarted>("web-i1").process == started.process);
  }
  host.Await<ReplicaReady>("web-i1");
}

TEST_CASE("An adopted instance that dies is told") {
  ProviderHost host;
  const auto instance = host.Child("web-i1", Role::kInstance, {"serve"});
  const auto started = host.StartReady(instance);
  host.Restart();
  host.provider().Recover({Known(instance, started)});
  host.Await<ReplicaFound>("web-i1");
  ::kill(static_cast<pid_t>(started.process.pid), SIGKILL);
  CHECK(MessageOf(host.Await<ReplicaFailed>("web-i1").error).find("signal 9") != std::string::npos);
}

TEST_CASE(
    "A record whose pid belongs to another process by now is not adopted, and the other is left alone") {
  ProviderHost host;
  const auto start = host.Child("web-i1", Role::kInstance, {"serve"});
  const auto started = host.StartReady(start);
  provider::ReplicaRecord record = host.Record("web-i1");
  record.id = model::ReplicaId("web-i2");
  record.cgroup = "instances/web-i2";
  SECTION("another start time") {
    record.process.start_ticks -= 1;
  }
  SECTION("another boot") {
    record.process.boot_id = "00000000-0000-0000-0000-000000000000";
  }
  REQUIRE_OK(io::ReplaceFile(host.Replica("web-i2.json"), provider::EncodeRecord(record)));
  host.provider().Recover({{test::kService, record.id, Role::kInstance, record.process, record.address}});
  CHECK_FALSE(host.Await<ReplicaFound>("web-i2").alive);
  CHECK(host.NoFilesOf("web-i2"));
  CHECK(io::IsAlive(started.process));
}

TEST_CASE("A shadow whose shim was killed dies with it, an instance lives on and can be stopped") {
  ProviderHost host;
  const auto shadow_started = host.StartReady(host.Child("web-t1-a0-s0", Role::kShadow, {"serve"}));
  const auto instance = host.Child("web-i1", Role::kInstance, {"serve"});
  const auto instance_started = host.StartReady(instance);
  ::kill(static_cast<pid_t>(host.Record("web-t1-a0-s0").shim.pid), SIGKILL);
  ::kill(static_cast<pid_t>(host.Record("web-i1").shim.pid), SIGKILL);
  host.Await<ReplicaFailed>("web-t1-a0-s0");
  CHECK_FALSE(io::IsAlive(shadow_started.process));
  CHECK(host.NoFilesOf("web-t1-a0-s0"));
  CHECK_FALSE(Eventually(milliseconds(300), [&] { return !io::IsAlive(instance_started.process); }));
  SECTION("by the same daemon") {}
  SECTION("by the next") {
    host.Restart();
    host.provider().Recover({Known(instance, instance_started)});
    CHECK(host.Await<ReplicaFound>("web-i1").alive);
  }
  host.Stop("web-i1");
  host.Await<ReplicaStopped>("web-i1");
  CHECK_FALSE(io::IsAlive(instance_started.process));
  CHECK(host.NoFilesOf("web-i1"));
}

TEST_CASE("Shutting down ends the shadows within its limit and leaves instances") {
  ProviderHost host;
  const auto shadow = host.StartReady(host.Child("web-t1-a0-s0", Role::kShadow, {"stubborn"}));
  const auto instance = host.StartReady(host.Child("web-i1", Role::kInstance, {"serve"}));
  const auto before = std::chrono::steady_clock::now();
  host.provider().Shutdown(true, seconds(2));
  CHECK(std::chrono::steady_clock::now() - before < seconds(3));  // the limit, and what a busy machine adds
  CHECK_FALSE(io::IsAlive(shadow.process));
  CHECK(io::IsAlive(instance.process));
  host.Restart();
}

}  // namespace
}  // namespace shadowd
