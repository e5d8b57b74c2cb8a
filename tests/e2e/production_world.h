// What a test of the production side needs beside HAProxy: an inbox for events of other threads, the demo's
// service as a child process, and one HTTP request.
#pragma once

#include <signal.h>
#include <sys/socket.h>

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "daemon/io/inet_address.h"
#include "daemon/io/unique_fd.h"
#include "e2e/haproxy_process.h"
#include "ports/event.h"
#include "require_ok.h"

namespace shadowd::e2e {

// Keeps what actuator and observer report, and lets a test wait for it.
class Inbox {
 public:
  auto Sink() {
    return [this](ports::Event event) {
      const std::lock_guard lock(mutex_);
      events_.push_back(std::move(event));
      arrived_.notify_all();
    };
  }
  template <typename Payload>
  std::optional<Payload> Await(const std::function<bool(const Payload&)>& wanted, double limit_seconds = 20) {
    std::unique_lock lock(mutex_);
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::duration<double>(limit_seconds);
    std::optional<Payload> found;
    arrived_.wait_until(lock, deadline, [&] {
      for (const ports::Event& event : events_) {
        const auto* payload = std::get_if<Payload>(&event.payload);
        if (payload != nullptr && wanted(*payload)) {
          found = *payload;
          return true;
        }
      }
      return false;
    });
    return found;
  }
  template <typename Payload>
  std::vector<Payload> All() {
    const std::lock_guard lock(mutex_);
    std::vector<Payload> all;
    for (const ports::Event& event : events_) {
      if (const auto* payload = std::get_if<Payload>(&event.payload)) {
        all.push_back(*payload);
      }
    }
    return all;
  }
  void Clear() {
    const std::lock_guard lock(mutex_);
    events_.clear();
  }

 private:
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::vector<ports::Event> events_;
};

class DemoService {
 public:
  explicit DemoService(const std::string& id, int service_ms = 5) : port_(FreePort()) {
    pid_ = SpawnProcess({SHADOWD_DEMO_SERVICE, "--port", std::to_string(port_), "--id", id, "--service-ms",
                         std::to_string(service_ms), "--cpu-ms", "0.1"});
  }
  ~DemoService() { KillProcess(pid_, SIGTERM); }
  DemoService(const DemoService&) = delete;
  DemoService& operator=(const DemoService&) = delete;
  std::string address() const { return fmt::format("127.0.0.1:{}", port_); }

 private:
  int port_;
  pid_t pid_;
};

// One request over a connection of its own; the whole answer, empty when there was none.
inline std::string Get(const std::string& address, const std::string& path) {
  StatusOr<sockaddr_in> target = io::ParseInetAddress(address);
  REQUIRE_OK(target);
  const io::UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const timeval limit{.tv_sec = 10, .tv_usec = 0};
  ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&*target), sizeof(*target)) != 0) {
    return "";
  }
  const std::string request = "GET " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
  if (::send(fd.get(), request.data(), request.size(), MSG_NOSIGNAL) < 0) {
    return "";
  }
  std::string answer;
  char chunk[4096];
  ssize_t got = 0;
  while ((got = ::recv(fd.get(), chunk, sizeof(chunk), 0)) > 0) {
    answer.append(chunk, static_cast<size_t>(got));
  }
  return answer;
}

}  // namespace shadowd::e2e
