// The lock file, signals as events, and what systemd is told.
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "daemon/io/lock_file.h"
#include "daemon/io/sd_notify.h"
#include "daemon/io/signal_set.h"
#include "require_ok.h"

namespace shadowd::io {

TEST_CASE("The lock is held by one, names its holder, and ends with it") {
  const std::string path =
      (std::filesystem::temp_directory_path() / fmt::format("shadowd-lock-{}", ::getpid())).string();
  {
    const auto lock = LockFile::Acquire(path);
    REQUIRE_OK(lock);
    const auto second = LockFile::Acquire(path);
    CHECK(absl::IsAlreadyExists(second.status()));
    CHECK(ReasonOf(second.status()) == "DAEMON_RUNNING");
    CHECK(MessageOf(second.status()).find(fmt::format("process {}", ::getpid())) != std::string::npos);
  }
  REQUIRE_OK(LockFile::Acquire(path));
  std::filesystem::remove(path);
  CHECK(absl::IsNotFound(LockFile::Acquire("/nowhere/at/all.lock").status()));
}

TEST_CASE("Signals arrive as events") {
  const pid_t child = ::fork();  // in a process of its own: the mask would stay
  if (child == 0) {
    auto signals = SignalSet::Create({SIGTERM, SIGHUP});
    if (!signals.ok() || signals->Next().has_value()) {
      ::_exit(1);
    }
    ::raise(SIGHUP);
    ::raise(SIGTERM);
    const auto first = signals->Wait(std::chrono::seconds(5));
    const auto second = signals->Wait(std::chrono::seconds(5));
    ::_exit(first == SIGHUP && second == SIGTERM ? 0 : 2);
  }
  int status = -1;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
  CHECK_FALSE(SignalSet::Create({9999}).ok());
}

TEST_CASE("systemd gets the messages of its protocol, each on one line") {
  const std::string path =
      (std::filesystem::temp_directory_path() / fmt::format("shadowd-sd-{}", ::getpid())).string();
  const UniqueFd manager(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof(address.sun_path) - 1);
  REQUIRE(::bind(manager.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0);
  ::setenv("NOTIFY_SOCKET", path.c_str(), 1);
  const auto receive = [&] {
    std::string text(256, '\0');
    text.resize(static_cast<size_t>(::recv(manager.get(), text.data(), text.size(), 0)));
    return text;
  };
  NotifyReady("two\nlines");
  CHECK(receive() == "READY=1\nSTATUS=two lines");
  NotifyReloading("again");
  CHECK(receive().rfind("RELOADING=1\nMONOTONIC_USEC=", 0) == 0);
  NotifyStopping("bye");
  CHECK(receive() == "STOPPING=1\nSTATUS=bye");
  NotifyWatchdog();
  CHECK(receive() == "WATCHDOG=1");
  ::unsetenv("NOTIFY_SOCKET");
  NotifyWatchdog();  // nobody listens, nothing happens
  ::setenv("WATCHDOG_USEC", "10000000", 1);
  ::setenv("WATCHDOG_PID", std::to_string(::getpid()).c_str(), 1);
  CHECK(WatchdogInterval() == std::chrono::seconds(5));
  ::unsetenv("WATCHDOG_USEC");
  ::unsetenv("WATCHDOG_PID");
  CHECK(WatchdogInterval() == Micros(0));
  std::filesystem::remove(path);
}

}  // namespace shadowd::io
