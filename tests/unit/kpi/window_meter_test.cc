#include "kpi/window_meter.h"

#include <catch2/catch.hpp>
#include <string>

using namespace shadowd;
using kpi::BackendCounters;
using kpi::MeteredWindow;
using kpi::ReplicaUsage;
using kpi::ServerCounters;
using kpi::WindowMeter;

namespace {

ServerCounters Server(const std::string& name, bool up, uint64_t requests, uint64_t responses) {
  return {.name = name, .up = up, .counters = {requests, responses, 0}};
}
BackendCounters Backend(uint64_t requests, uint64_t responses, uint64_t failures = 0,
                        std::vector<ServerCounters> servers = {}) {
  return {.total = {requests, responses, failures}, .servers = std::move(servers)};
}
Now At(int second) {
  return {.mono = MonoTime(std::chrono::seconds(second)),
          .wall = WallFromMicros((1000 + second) * int64_t{1'000'000})};
}
kpi::HaproxyLogEntry Line(std::string_view server, uint64_t micros, int status = 200,
                          std::string_view backend = "b") {
  kpi::HaproxyLogEntry entry;
  entry.backend = backend;
  entry.server = server;
  entry.status = status;
  entry.termination = "----";
  entry.active_us = micros;
  return entry;
}
MeteredWindow Close(WindowMeter& meter, const BackendCounters& backend, int second,
                    const std::vector<ReplicaUsage>& usage = {}) {
  std::optional<MeteredWindow> window = meter.Close(backend, usage, At(second));
  REQUIRE(window.has_value());
  return *std::move(window);
}

}  // namespace

TEST_CASE("The first look only sets the marks; the second makes a window of the differences") {
  WindowMeter meter("b");
  CHECK_FALSE(meter.Close(Backend(100, 90, 0, {Server("i1", true, 50, 50)}), {}, At(1)).has_value());
  meter.Add(Line("i1", 20'000));
  meter.Add(Line("i1", 30'000, 500));
  meter.Add(Line("other", 99'000, 200, "elsewhere"));
  const MeteredWindow window = Close(meter, Backend(103, 92, 1, {Server("i1", true, 53, 52)}), 2);
  CHECK(window.service.start == WallFromMicros(1'001'000'000));
  CHECK(window.service.length == std::chrono::seconds(1));
  CHECK(window.service.offered == 3);
  CHECK(window.service.completed == 2);
  CHECK(window.service.errors == 1);
  CHECK(window.service.latency_us == std::vector<uint32_t>{20'000, 30'000});
  CHECK(window.serving == 1);
  CHECK(window.complete);
  REQUIRE(window.replicas.size() == 1);
  CHECK(window.replicas[0].first == model::ReplicaId("i1"));
  CHECK(window.replicas[0].second.offered == 3);
  CHECK(window.replicas[0].second.latency_us.size() == 2);
}

TEST_CASE("Lines from before the first look are not of any window") {
  WindowMeter meter("b");
  meter.Add(Line("i1", 20'000));
  meter.Close(Backend(0, 0), {}, At(1));
  CHECK(Close(meter, Backend(0, 0), 2).service.latency_us.empty());
}

TEST_CASE("A log that explains less than 98 % of the answers makes the window incomplete") {
  const int lines = GENERATE(96, 97, 100);
  WindowMeter meter("b");
  meter.Close(Backend(0, 0), {}, At(1));
  for (int i = 0; i < lines; ++i) {
    meter.Add(Line("i1", 1000));
  }
  CHECK(Close(meter, Backend(100, 100), 2).complete == (lines >= 97));
}

TEST_CASE("Counters that fall were reset: what they show has come since, and the log may know of more") {
  WindowMeter meter("b");
  meter.Close(Backend(1000, 1000, 0, {Server("i1", true, 500, 500)}), {}, At(1));
  for (int i = 0; i < 10; ++i) {
    meter.Add(Line("i1", 1000));
  }
  const MeteredWindow window = Close(meter, Backend(7, 6, 0, {Server("i1", true, 4, 3)}), 2);
  CHECK(window.service.offered == 10);
  CHECK(window.service.completed == 10);
  const MeteredWindow next = Close(meter, Backend(17, 16, 0, {Server("i1", true, 6, 6)}), 3);
  CHECK(next.service.offered == 10);
}

TEST_CASE("CPU and memory come from the usage of the servers by name; of others they are unknown") {
  WindowMeter meter("b");
  const BackendCounters stat = Backend(0, 0, 0, {Server("i1", true, 0, 0), Server("i2", false, 0, 0)});
  const auto usage = [](double cpu, double memory, double delay) {
    return ReplicaUsage{.id = model::ReplicaId("i1"),
                        .cpu_seconds = cpu,
                        .memory_bytes = memory,
                        .run_delay_seconds = delay,
                        .throttled_periods = 0};
  };
  meter.Close(stat, {usage(5, 100, 1)}, At(1));
  const MeteredWindow window = Close(meter, stat, 2, {usage(5.25, 200, 1.5)});
  REQUIRE(window.replicas.size() == 2);
  CHECK(window.replicas[0].second.cpu_seconds == Approx(0.25));
  CHECK(window.replicas[0].second.memory_bytes == Approx(200));
  CHECK(window.replicas[0].second.run_delay_seconds == Approx(0.5));
  CHECK(window.replicas[1].second.cpu_seconds < 0);
  CHECK(window.service.cpu_seconds < 0);
  CHECK(window.server_names == std::vector<std::string>{"i1", "i2"});
  CHECK(window.serving == 1);
}

TEST_CASE("Clients that left are counted but are no sample of the latency") {
  WindowMeter meter("b");
  meter.Close(Backend(0, 0), {}, At(1));
  kpi::HaproxyLogEntry left = Line("i1", 7);
  left.termination = "CD--";
  meter.Add(left);
  const MeteredWindow window = Close(meter, Backend(1, 1), 2);
  CHECK(window.service.latency_us.empty());
  CHECK(window.service.errors == 0);
  CHECK(window.complete);
}

TEST_CASE("Latency samples are bounded while requests go on being counted") {
  WindowMeter meter("b");
  meter.Close(Backend(0, 0), {}, At(1));
  const size_t many = model::kMaxLatencySamples + 5;
  for (size_t i = 0; i < many; ++i) {
    meter.Add(Line("i1", 1));
  }
  const MeteredWindow window = Close(meter, Backend(many, many), 2);
  CHECK(window.service.latency_us.size() == model::kMaxLatencySamples);
  CHECK(window.service.completed == many);
  CHECK(window.complete);
}

TEST_CASE("A reset begins anew") {
  WindowMeter meter("b");
  meter.Close(Backend(0, 0), {}, At(2));
  meter.Add(Line("i1", 1000));
  meter.Reset();
  CHECK_FALSE(meter.Close(Backend(9, 9), {}, At(3)).has_value());
  const MeteredWindow window = Close(meter, Backend(10, 10), 4);
  CHECK(window.service.offered == 1);
  CHECK(window.service.latency_us.empty());
}
