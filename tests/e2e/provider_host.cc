#include "e2e/provider_host.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <thread>
#include <utility>

#include "daemon/io/proc_files.h"
#include "daemon/io/unique_fd.h"
#include "kpi/proc.h"
#include "require_ok.h"

namespace shadowd::test {

int FreePort() {
  const io::UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  REQUIRE(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0);
  REQUIRE(::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0);
  return ntohs(address.sin_port);
}

std::string ReadText(const std::string& path) {
  return io::ReadSmallFile(path, 4 << 20).value_or("");
}

bool Eventually(Micros limit, const std::function<bool()>& condition) {
  const auto end = std::chrono::steady_clock::now() + limit;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) {
      return false;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

double CpuSeconds(int64_t pid) {
  const auto stat = kpi::ParseSchedStat(ReadText(fmt::format("/proc/{}/schedstat", pid)));
  return stat.ok() ? static_cast<double>(stat->run_ns) * 1e-9 : 0;
}

ProviderHost::ProviderHost() {
  char name[] = "/tmp/shadowd-test-XXXXXX";
  REQUIRE(::mkdtemp(name) != nullptr);
  directory_ = name;
  Open("");
}

// Whatever a test left running is ended, also after a failure.
ProviderHost::~ProviderHost() {
  for (const std::string& id : started_) {
    provider_->Stop(kService, {model::IntentKey("end"), model::ReplicaId(id), Micros(0)});
  }
  Eventually(std::chrono::seconds(5), [&] {
    for (const auto& entry : std::filesystem::directory_iterator(directory_ + "/replicas")) {
      if (entry.path().extension() == ".json") {
        return false;
      }
    }
    return true;
  });
  // Shims that ended while there was no provider are zombies of this process and keep their group.
  Eventually(std::chrono::seconds(2), [] { return ::waitpid(-1, nullptr, WNOHANG) < 0; });
  provider_->Shutdown(true, std::chrono::seconds(2));
  provider_.reset();
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

void ProviderHost::Open(const std::string& cgroup_parent) {
  auto provider = io::ProcessProvider::Create({.runtime_dir = directory_,
                                               .shim_path = SHADOWD_SHIM,
                                               .cgroup_parent = cgroup_parent,
                                               .max_replicas = 16},
                                              [this](ports::Event event) {
                                                const std::lock_guard lock(mutex_);
                                                events_.push_back(std::move(event));
                                                changed_.notify_all();
                                              });
  REQUIRE_OK(provider);
  provider_ = *std::move(provider);
}

void ProviderHost::Restart(const std::string& cgroup_parent) {
  provider_.reset();
  const std::lock_guard lock(mutex_);
  events_.clear();
  Open(cgroup_parent);
}

ports::StartReplica ProviderHost::Child(const std::string& id, model::Role role,
                                        std::vector<std::string> mode) {
  ports::StartReplica start;
  start.key = model::IntentKey("start-" + id);
  start.replica = model::ReplicaId(id);
  start.role = role;
  start.version = "v7";
  start.instance.argv = {SHADOWD_TEST_CHILD, "{port}"};
  start.instance.argv.insert(start.instance.argv.end(), mode.begin(), mode.end());
  start.instance.environment = {{"VERSION", "{version}"}};
  start.instance.port_first = start.instance.port_last = FreePort();
  start.instance.readiness = {"/", std::chrono::seconds(10), std::chrono::milliseconds(20)};
  start.instance.stop_grace = std::chrono::seconds(1);
  if (role == model::Role::kShadow) {
    start.lease = std::chrono::seconds(3);
    start.shadow_class.cpu_idle = false;  // a busy machine would starve it, rightly, and the test with it
    start.ttl = std::chrono::minutes(5);
  }
  return start;
}

void ProviderHost::Start(const ports::StartReplica& start) {
  started_.push_back(start.replica.str());
  provider_->Start(kService, start);
}

ports::ReplicaStarted ProviderHost::StartReady(const ports::StartReplica& start) {
  Start(start);
  auto started = Await<ports::ReplicaStarted>(start.replica.str());
  Await<ports::ReplicaReady>(start.replica.str());
  return started;
}

provider::ReplicaRecord ProviderHost::Record(const std::string& id) const {
  const auto record = provider::DecodeRecord(ReadText(Replica(id + ".json")));
  REQUIRE_OK(record);
  return *record;
}

bool ProviderHost::NoFilesOf(const std::string& id) const {
  return Eventually(std::chrono::seconds(5), [&] {
    for (const auto& entry : std::filesystem::directory_iterator(directory_ + "/replicas")) {
      if (entry.path().filename().string().starts_with(id + ".")) {
        return false;
      }
    }
    return true;
  });
}

void ProviderHost::Stop(const std::string& id, Micros grace) {
  provider_->Stop(kService, {model::IntentKey("stop-" + id), model::ReplicaId(id), grace});
}

}  // namespace shadowd::test
