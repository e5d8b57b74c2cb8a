#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <set>

#include "daemon/io/data_plane.h"
#include "daemon/io/monotonic_clock.h"
#include "fakes/http_server.h"
#include "require_ok.h"

namespace shadowd {
namespace {

using namespace std::chrono_literals;
using fakes::HttpServer;

const model::ServiceId kWeb("web");

Now RealNow() {
  const auto wall = std::chrono::system_clock::now().time_since_epoch();
  return {io::ReadMonoTime(), WallFromMicros(std::chrono::duration_cast<Micros>(wall).count())};
}

// Collects the windows of every shadow; the sink runs on another thread.
class Windows {
 public:
  void Take(ports::Event event) {
    const auto& window = std::get<ports::ShadowWindow>(event.payload);
    const std::lock_guard lock(mutex_);
    of_[window.shadow.str()].push_back(window.window);
  }
  std::vector<model::KpiWindow> Of(const std::string& shadow) const {
    const std::lock_guard lock(mutex_);
    const auto found = of_.find(shadow);
    return found == of_.end() ? std::vector<model::KpiWindow>{} : found->second;
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::vector<model::KpiWindow>> of_;
};

// Waits for a condition; the steps are short and the end is bounded.
template <typename Condition>
bool Eventually(Condition condition, std::chrono::milliseconds limit = 10s) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) {
      return false;
    }
    std::this_thread::sleep_for(2ms);
  }
  return true;
}

struct Harness {
  Windows windows;
  std::unique_ptr<io::DataPlane> plane;

  Harness() {
    auto made = io::DataPlane::Create([this](ports::Event event) { windows.Take(std::move(event)); },
                                      [] { return std::vector<io::Usage>{}; }, RealNow);
    REQUIRE_OK(made);
    plane = *std::move(made);
  }
};

ports::SetTraffic TrafficTo(const std::vector<const HttpServer*>& shadows, double rate) {
  ports::SetTraffic traffic;
  for (const HttpServer* shadow : shadows) {
    const std::string id = "web-t1-a" + std::to_string(traffic.feeds.size()) + "-s0";
    traffic.feeds.push_back({model::ReplicaId(id), shadow->address(), rate});
  }
  traffic.seed = 7;
  return traffic;
}

// A blocking client on one keep-alive connection.
class Client {
 public:
  explicit Client(uint16_t port) : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    REQUIRE(connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0);
  }
  ~Client() { close(fd_); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  void Send(const std::string& bytes) { REQUIRE(send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL) > 0); }
  void Receive() {
    char buffer[4096];
    REQUIRE(recv(fd_, buffer, sizeof(buffer), 0) > 0);
  }
  void Ask(const std::string& bytes) {
    Send(bytes);
    Receive();
  }

 private:
  int fd_;
};

std::string Get(int number) {
  return "GET /item/" + std::to_string(number) +
         " HTTP/1.1\r\nHost: web\r\nCookie: secret=1\r\nAuthorization: Basic eA==\r\nAccept: */*\r\n\r\n";
}

std::multiset<std::string> RequestLines(const HttpServer& server) {
  std::multiset<std::string> lines;
  for (const std::string& request : server.Log()) {
    lines.insert(request.substr(0, request.find("\r\n")));
  }
  return lines;
}

double Percentile(std::vector<uint32_t> values, double share) {
  std::sort(values.begin(), values.end());
  return values.empty() ? -1 : values[static_cast<size_t>(share * static_cast<double>(values.size() - 1))];
}

bool MayTap() {
  return geteuid() == 0;
}

TEST_CASE("every shadow gets the same sampled requests, marked and without credentials", "[root]") {
  if (!MayTap()) {
    WARN("needs CAP_NET_RAW");
    return;
  }
  HttpServer production, first, second;
  Harness harness;
  ports::SetTraffic traffic = TrafficTo({&first, &second}, 10'000);
  traffic.mirror.interface = "lo";
  traffic.mirror.port = production.port();
  traffic.mirror.percent = 50;
  traffic.load.enabled = false;
  REQUIRE_OK(harness.plane->Set(kWeb, traffic));

  constexpr int kRequests = 2000;
  Client client(production.port());
  for (int i = 0; i < kRequests; ++i) {
    if (i % 10 == 9) {
      client.Ask("POST /order HTTP/1.1\r\nHost: web\r\nContent-Length: 4\r\n\r\nabcd");
    } else {
      client.Ask(Get(i));
    }
  }
  REQUIRE(Eventually([&] { return harness.plane->Stats(kWeb).captured == kRequests; }));
  const uint64_t sampled = harness.plane->Stats(kWeb).sampled;
  REQUIRE(Eventually([&] { return first.requests() == sampled && second.requests() == sampled; }));

  const io::TrafficStats stats = harness.plane->Stats(kWeb);
  CHECK(stats.skipped_by_policy == kRequests / 10);
  CHECK(stats.mirrored_sent == 2 * sampled);
  CHECK(stats.synthetic_sent == 0);
  CHECK(stats.completeness == 1.0);
  CHECK(static_cast<double>(sampled) == Approx(0.5 * 0.9 * kRequests).epsilon(0.12));
  CHECK(RequestLines(first) == RequestLines(second));
  for (const std::string& request : first.Log()) {
    REQUIRE(request.starts_with("GET /item/"));
    REQUIRE(request.find("X-Shadowd-Mirror: 1\r\n") != std::string::npos);
    REQUIRE(request.find("baggage: shadowd.mirror=1\r\n") != std::string::npos);
    REQUIRE(request.find("Cookie") == std::string::npos);
    REQUIRE(request.find("Authorization") == std::string::npos);
  }
}

TEST_CASE("synthetic load keeps its rate and measures latency from the planned time") {
  constexpr double kRate = 800;
  constexpr int64_t kDelayUs = 5000;
  HttpServer shadow({.delay_us = kDelayUs, .keep_log = false});
  Harness harness;
  REQUIRE_OK(harness.plane->Set(kWeb, TrafficTo({&shadow}, kRate)));
  REQUIRE(Eventually([&] { return harness.windows.Of("web-t1-a0-s0").size() >= 5; }));
  REQUIRE_OK(harness.plane->Set(kWeb, {}));

  uint64_t offered = 0, completed = 0, errors = 0;
  double seconds = 0;
  std::vector<uint32_t> latencies;
  for (const model::KpiWindow& window : harness.windows.Of("web-t1-a0-s0")) {
    offered += window.offered;
    completed += window.completed;
    errors += window.errors;
    seconds += ToSeconds(window.length);
    CHECK(window.synthetic == window.offered);
    CHECK(window.cpu_seconds < 0);
    latencies.insert(latencies.end(), window.latency_us.begin(), window.latency_us.end());
    CAPTURE(window.send_lag_p99_us);
  }
  CHECK(static_cast<double>(offered) / seconds == Approx(kRate).epsilon(0.04));
  CHECK(static_cast<double>(completed) == Approx(static_cast<double>(offered)).epsilon(0.02));
  CHECK(errors == 0);
  CHECK(Percentile(latencies, 0.0) >= kDelayUs);
  CHECK(Percentile(latencies, 0.5) < kDelayUs + 2000);
}

TEST_CASE("copies and synthetic requests add up to the rate of each feed", "[root]") {
  if (!MayTap()) {
    WARN("needs CAP_NET_RAW");
    return;
  }
  HttpServer production, small, large;
  Harness harness;
  ports::SetTraffic traffic = TrafficTo({&small, &large}, 300);
  traffic.feeds[1].rate_rps = 500;
  traffic.mirror.interface = "lo";
  traffic.mirror.port = production.port();
  traffic.mirror.percent = 100;
  traffic.production_rps = 400;
  traffic.balancing = GENERATE(model::Balancing::kRandom, model::Balancing::kRoundRobin);
  traffic.feeds[0].instances = traffic.feeds[1].instances = 4;
  REQUIRE_OK(harness.plane->Set(kWeb, traffic));
  std::atomic<bool> stop{false};
  std::thread production_load([&] {  // about 400 requests a second, until told to stop
    Client client(production.port());
    auto next = std::chrono::steady_clock::now();
    for (int i = 0; !stop.load(); ++i) {
      client.Send(Get(i));
      client.Receive();
      next += 2500us;
      std::this_thread::sleep_until(next);
    }
  });
  const bool enough = Eventually([&] { return harness.windows.Of("web-t1-a1-s0").size() >= 7; }, 15s);
  stop.store(true);
  production_load.join();
  REQUIRE(enough);
  const auto check = [&](const std::string& id, double rate) {
    uint64_t offered = 0, mirrored = 0;
    double seconds = 0;
    for (const model::KpiWindow& window : harness.windows.Of(id)) {
      offered += window.offered;
      mirrored += window.mirrored;
      seconds += ToSeconds(window.length);
    }
    INFO(id << " mirrored " << mirrored << " of " << offered);
    CHECK(static_cast<double>(offered) / seconds == Approx(rate).epsilon(0.05));
    CHECK(static_cast<double>(mirrored) / seconds == Approx(285).epsilon(0.12));
  };
  check("web-t1-a0-s0", 300);
  check("web-t1-a1-s0", 500);
}

TEST_CASE("a stalled shadow slows neither the other one nor production", "[root]") {
  if (!MayTap()) {
    WARN("needs CAP_NET_RAW");
    return;
  }
  HttpServer production, healthy;
  HttpServer stalled({.stall = true});
  Harness harness;
  ports::SetTraffic traffic = TrafficTo({&stalled, &healthy}, 1000);
  traffic.mirror.interface = "lo";
  traffic.mirror.port = production.port();
  REQUIRE_OK(harness.plane->Set(kWeb, traffic));
  Client client(production.port());
  int asked = 0;
  const auto started = std::chrono::steady_clock::now();
  std::chrono::steady_clock::duration slowest{0};
  while (harness.windows.Of("web-t1-a1-s0").size() < 4 && std::chrono::steady_clock::now() - started < 15s) {
    const auto before = std::chrono::steady_clock::now();
    client.Ask(Get(asked++));
    slowest = std::max(slowest, std::chrono::steady_clock::now() - before);
  }
  REQUIRE(harness.windows.Of("web-t1-a1-s0").size() >= 4);
  CHECK(slowest < 1s);
  uint64_t offered = 0, completed = 0;
  for (const model::KpiWindow& window : harness.windows.Of("web-t1-a1-s0")) {
    offered += window.offered;
    completed += window.completed;
    CHECK(window.errors == 0);
    CHECK(Percentile(window.latency_us, 0.5) < 5000);
  }
  CHECK(static_cast<double>(completed) >= 0.97 * static_cast<double>(offered));
  for (const model::KpiWindow& window : harness.windows.Of("web-t1-a0-s0")) {
    CHECK(window.completed == 0);
    CHECK(window.offered > 500);
  }
  // Its queue filled up, and what did not fit was counted as errors.
  const auto windows = harness.windows.Of("web-t1-a0-s0");
  CHECK(std::any_of(windows.begin(), windows.end(), [](const auto& window) { return window.errors > 100; }));
}

TEST_CASE("empty feeds stop everything at once, and a later Set starts again") {
  HttpServer shadow;
  Harness harness;
  const ports::SetTraffic traffic = TrafficTo({&shadow}, 2000);
  for (int round = 0; round < 3; ++round) {
    const uint64_t before = shadow.requests();
    REQUIRE_OK(harness.plane->Set(kWeb, traffic));
    REQUIRE(Eventually([&] { return shadow.requests() > before + 100; }));
    REQUIRE_OK(harness.plane->Set(kWeb, {}));
    const uint64_t sent = harness.plane->Stats(kWeb).synthetic_sent;
    std::this_thread::sleep_for(50ms);  // longer than a hundred gaps of the schedule
    CHECK(harness.plane->Stats(kWeb).synthetic_sent <= sent + 1);
  }
}

// The descriptors that the epoll sets of this process watch, by set.
std::map<std::string, int> EpollSets() {
  std::map<std::string, int> sets;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code error;
    if (std::filesystem::read_symlink(entry, error) != "anon_inode:[eventpoll]") {
      continue;
    }
    const std::string name = entry.path().filename();
    std::ifstream info("/proc/self/fdinfo/" + name);
    for (std::string line; std::getline(info, line);) {
      sets[name] += line.starts_with("tfd:") ? 1 : 0;
    }
  }
  return sets;
}

TEST_CASE("a connection that was closed is watched no more, though a process being started holds a copy") {
  Harness harness;
  const std::map<std::string, int> idle = EpollSets();
  REQUIRE(idle.size() == 1);
  const std::string set = idle.begin()->first;
  const HttpServer shadow;
  REQUIRE_OK(harness.plane->Set(kWeb, TrafficTo({&shadow}, 200)));
  REQUIRE(Eventually([&] { return shadow.requests() > 50; }));
  CHECK(EpollSets()[set] > idle.at(set));
  const pid_t child = ::fork();  // stays between fork and exec: nothing is closed on exec yet
  if (child == 0) {
    ::pause();
    ::_exit(0);
  }
  REQUIRE(child > 0);
  REQUIRE_OK(harness.plane->Set(kWeb, {}));
  CHECK(Eventually([&] { return EpollSets()[set] == idle.at(set); }, 3s));
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
}

TEST_CASE("a refused or failing shadow is all errors, and the plane goes on") {
  HttpServer healthy;
  HttpServer failing({.status = 503});
  std::string gone;
  {
    const HttpServer closed;
    gone = closed.address();
  }
  Harness harness;
  ports::SetTraffic traffic = TrafficTo({&healthy, &failing}, 200);
  traffic.feeds.push_back({model::ReplicaId("gone"), gone, 200});
  REQUIRE_OK(harness.plane->Set(kWeb, traffic));
  REQUIRE(Eventually([&] { return harness.windows.Of("gone").size() >= 2; }));
  const model::KpiWindow refused = harness.windows.Of("gone")[1];
  CHECK(refused.completed == 0);
  CHECK(refused.errors == refused.offered);
  const model::KpiWindow failed = harness.windows.Of("web-t1-a1-s0")[1];
  CHECK(failed.errors == failed.completed);
  CHECK(failed.completed > 100);
  CHECK(harness.windows.Of("web-t1-a0-s0")[1].errors == 0);
}

TEST_CASE("bad traffic is refused by name and changes nothing") {
  HttpServer shadow;
  Harness harness;
  REQUIRE_OK(harness.plane->Set(kWeb, TrafficTo({&shadow}, 100)));
  ports::SetTraffic traffic = TrafficTo({&shadow}, 100);
  traffic.feeds[0].address = "localhost";
  CHECK(harness.plane->Set(kWeb, traffic).code() == absl::StatusCode::kInvalidArgument);
  traffic = TrafficTo({&shadow}, 100);
  traffic.mirror.interface = "nosuch0";
  traffic.mirror.port = 80;
  const Status unknown = harness.plane->Set(kWeb, traffic);
  CHECK_FALSE(unknown.ok());
  CHECK(MessageOf(unknown).find(MayTap() ? "nosuch0" : "CAP_NET_RAW") != std::string::npos);
  const uint64_t before = shadow.requests();
  CHECK(Eventually([&] { return shadow.requests() > before + 10; }));
}

}  // namespace
}  // namespace shadowd
