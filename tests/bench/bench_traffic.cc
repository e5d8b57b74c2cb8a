// What the data plane costs: nanoseconds and heap allocations per mirrored request in the tap's pipeline, and
// CPU, rate and lateness of the open-loop sender against a small server in this process (or --target
// ADDRESS:PORT).
#include <dirent.h>
#include <fmt/core.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <mutex>
#include <new>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "daemon/io/data_plane.h"
#include "daemon/io/monotonic_clock.h"
#include "fakes/http_server.h"
#include "fakes/packets.h"
#include "mirror/extractor.h"

namespace {

std::atomic<uint64_t> allocations{0};

}  // namespace

// Not inlined: otherwise the compiler pairs malloc with delete and warns.
[[gnu::noinline]] void* operator new(size_t size) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  if (void* memory = std::malloc(size)) {
    return memory;
  }
  std::abort();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, size_t) noexcept {
  std::free(memory);
}

namespace {

using namespace shadowd;

class NullSink : public mirror::RequestSink {
 public:
  bool WantsBody(const mirror::MirroredRequest&) override { return false; }
  void OnRequest(const mirror::MirroredRequest&, uint64_t) override {}
};

nlohmann::json MeasurePipeline() {
  const std::string request =
      "GET /item/1234567?detail=full HTTP/1.1\r\nHost: shop.example\r\nUser-Agent: bench/1.0\r\nAccept: "
      "text/html\r\n"
      "Accept-Encoding: gzip\r\nX-Request-Id: 0f8fad5bd9cb469fa16570867728950e\r\n\r\n";
  constexpr int kRequests = 400'000;
  constexpr int kFlows = 64;
  constexpr int kWarmUp = 10'000;
  std::vector<std::string> frames;
  for (int flow = 0; flow < kFlows; ++flow) {
    fakes::TcpOptions tcp;
    tcp.source_port = static_cast<uint16_t>(20000 + flow);
    frames.push_back(fakes::EthernetBytes(fakes::Ipv4Bytes(fakes::TcpBytes(tcp, request))));
  }
  NullSink sink;
  mirror::Extractor extractor(sink, {});
  MonoTime now{std::chrono::seconds(1)};
  uint64_t allocated_before = 0;
  auto started = std::chrono::steady_clock::now();
  for (int i = 0; i < kRequests + kWarmUp; ++i) {
    if (i == kWarmUp) {
      allocated_before = allocations.load();
      started = std::chrono::steady_clock::now();
    }
    std::string& frame = frames[static_cast<size_t>(i % kFlows)];
    const auto sequence = 1000U + static_cast<uint32_t>(i / kFlows) * static_cast<uint32_t>(request.size());
    for (size_t byte = 0; byte < 4; ++byte) {
      frame[38 + byte] = static_cast<char>(sequence >> (24 - 8 * byte) & 0xff);
    }
    extractor.OnFrame(mirror::AsBytes(frame), now);
    now += Micros(1);
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
  const uint64_t allocated = allocations.load() - allocated_before;
  return {{"requests", extractor.counts().captured},
          {"ns_per_request", seconds * 1e9 / kRequests},
          {"allocations_per_request", static_cast<double>(allocated) / kRequests}};
}

// CPU seconds of the threads of this process with that name.
double ThreadCpuSeconds(const std::string& name) {
  double seconds = 0;
  DIR* tasks = opendir("/proc/self/task");
  while (const dirent* entry = tasks != nullptr ? readdir(tasks) : nullptr) {
    const std::string base = std::string("/proc/self/task/") + entry->d_name;
    std::string comm;
    std::getline(std::ifstream(base + "/comm") >> std::ws, comm);
    double run_ns = 0;
    if (comm == name && std::ifstream(base + "/schedstat") >> run_ns) {
      seconds += run_ns * 1e-9;
    }
  }
  if (tasks != nullptr) {
    closedir(tasks);
  }
  return seconds;
}

nlohmann::json MeasureSender(const std::string& address, double rate, int seconds) {
  std::mutex mutex;
  std::vector<model::KpiWindow> windows;
  auto plane = io::DataPlane::Create(
      [&](ports::Event event) {
        const std::lock_guard lock(mutex);
        windows.push_back(std::get<ports::ShadowWindow>(event.payload).window);
      },
      [] { return std::vector<io::Usage>{}; },
      [] {
        return Now{io::ReadMonoTime(), WallTime{}};
      });
  ports::SetTraffic traffic;
  traffic.feeds.push_back({model::ReplicaId("bench"), address, rate});
  traffic.load.max_rps_per_shadow = 1e9;
  if (!plane.ok() || !(*plane)->Set(model::ServiceId("bench"), traffic).ok()) {
    return {{"error", "the data plane did not start"}};
  }
  std::this_thread::sleep_for(std::chrono::seconds(seconds) + std::chrono::milliseconds(200));
  const double cpu = ThreadCpuSeconds("shadowd-send");
  const uint64_t sent = (*plane)->Stats(model::ServiceId("bench")).synthetic_sent;
  (*plane)->Stop();
  uint64_t offered = 0, completed = 0, errors = 0;
  double length = 0, worst_lag = 0;
  std::vector<double> lags;
  for (const model::KpiWindow& window : windows) {
    offered += window.offered;
    completed += window.completed;
    errors += window.errors;
    length += ToSeconds(window.length);
    lags.push_back(window.send_lag_p99_us);
    worst_lag = std::max(worst_lag, window.send_lag_p99_us);
  }
  std::sort(lags.begin(), lags.end());
  return {{"rate_wanted", rate},
          {"rate", length > 0 ? static_cast<double>(offered) / length : 0},
          {"completed", completed},
          {"errors", errors},
          {"send_lag_p99_us_median_window", lags.empty() ? 0 : lags[lags.size() / 2]},
          {"send_lag_p99_us_worst_window", worst_lag},
          {"cpu_us_per_request", sent > 0 ? cpu * 1e6 / static_cast<double>(sent) : 0}};
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<double> rates = {500, 5000, 15000};
  std::string target;
  int seconds = 5;
  for (int i = 1; i < argc; ++i) {
    const std::string flag = argv[i];
    if (flag == "--json") {
      continue;
    }
    if (i + 1 >= argc || (flag != "--rate" && flag != "--target" && flag != "--seconds")) {
      fmt::print(stderr,
                 "usage: bench_traffic [--json] [--rate RPS] [--seconds N] [--target ADDRESS:PORT]\n");
      return 2;
    }
    const std::string value = argv[++i];
    if (flag == "--rate") {
      rates = {std::atof(value.c_str())};
    } else if (flag == "--seconds") {
      seconds = std::max(1, std::atoi(value.c_str()));
    } else {
      target = value;
    }
  }
  const fakes::HttpServer server({.keep_log = false});
  nlohmann::json report = {{"pipeline", MeasurePipeline()}, {"sender", nlohmann::json::array()}};
  for (const double rate : rates) {
    report["sender"].push_back(MeasureSender(target.empty() ? server.address() : target, rate, seconds));
  }
  fmt::print("{}\n", report.dump(2));
  return 0;
}
