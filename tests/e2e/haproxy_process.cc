#include "e2e/haproxy_process.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>

#include "daemon/io/haproxy_client.h"
#include "daemon/io/unique_fd.h"

extern char** environ;

namespace shadowd::e2e {

int FreePort() {
  const io::UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof(address);
  REQUIRE(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), length) == 0);
  REQUIRE(::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &length) == 0);
  return ntohs(address.sin_port);
}

bool Eventually(const std::function<bool()>& condition, double limit_seconds) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::duration<double>(limit_seconds);
  while (std::chrono::steady_clock::now() < deadline) {
    if (condition()) {
      return true;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return condition();
}

pid_t SpawnProcess(const std::vector<std::string>& argv) {
  std::vector<char*> pointers;
  for (const std::string& word : argv) {
    pointers.push_back(const_cast<char*>(word.c_str()));
  }
  pointers.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  ::posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  pid_t pid = -1;
  const int error = ::posix_spawnp(&pid, pointers[0], &actions, nullptr, pointers.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  INFO("cannot start " << argv[0]);
  REQUIRE(error == 0);
  return pid;
}

void KillProcess(pid_t pid, int signal) {
  if (pid > 0) {
    ::kill(pid, signal);
    ::waitpid(pid, nullptr, 0);
  }
}

HaproxyProcess::HaproxyProcess(HaproxyOptions options) : options_(std::move(options)), port_(FreePort()) {
  std::string pattern = (std::filesystem::temp_directory_path() / "shadowd-haproxy-XXXXXX").string();
  REQUIRE(::mkdtemp(pattern.data()) != nullptr);
  directory_ = pattern;
  socket_ = directory_ + "/admin.sock";
  std::ofstream config(directory_ + "/haproxy.cfg");
  config << "global\n  stats socket " << socket_ << " mode 600 level " << options_.level << "\n"
         << "defaults\n  mode http\n  timeout client 5s\n  timeout server 5s\n  timeout connect 1s\n"
         << "frontend front\n  bind 127.0.0.1:" << port_ << "\n  default_backend web\n";
  if (!options_.log_address.empty()) {
    config << "  log " << options_.log_address << " len 4096 local0\n";
    if (options_.exact_log) {
      config << "  http-request set-var(txn.shadowd_start) date(0,us)\n"
             << "  log-format \"%ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %CC %CS %tsc "
                "%ac/%fc/%bc/%sc/%rc %sq/%bq %hr %hs %{+Q}r us=%[date(0,us),sub(txn.shadowd_start)]\"\n";
    } else {
      config << "  option httplog\n";
    }
  }
  config << "backend web\n  balance " << options_.balance << "\n";
  config.close();
  Start();
}

HaproxyProcess::~HaproxyProcess() {
  Stop();
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

std::string HaproxyProcess::address() const {
  return fmt::format("127.0.0.1:{}", port_);
}

pid_t HaproxyProcess::Spawn() {
  return SpawnProcess({"haproxy", "-db", "-f", directory_ + "/haproxy.cfg"});
}

void HaproxyProcess::Start() {
  pid_ = Spawn();
  REQUIRE(Eventually([this] { return io::RunHaproxyCommand(socket_, "show version").ok(); }));
}

void HaproxyProcess::Stop() {
  KillProcess(pid_, SIGKILL);
  pid_ = -1;
}

void HaproxyProcess::Reload() {
  const pid_t old = pid_;
  const auto pid_line = [this] {
    const StatusOr<std::string> info = io::RunHaproxyCommand(socket_, "show info");
    return info.ok() ? info->substr(info->find("\nPid:") + 1, 16) : "";
  };
  const std::string before = pid_line();
  pid_ = Spawn();
  REQUIRE(Eventually([&] {
    const std::string now = pid_line();
    return !now.empty() && now != before;
  }));
  KillProcess(old, SIGUSR1);  // finishes what it has and ends
}

}  // namespace shadowd::e2e
