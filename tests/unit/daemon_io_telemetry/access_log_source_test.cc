#include "daemon/io/access_log_source.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "daemon/io/http_client.h"
#include "require_ok.h"

using namespace shadowd;
using namespace shadowd::io;

namespace {

struct Log {
  std::filesystem::path path =
      std::filesystem::temp_directory_path() / ("shadowd-access-" + std::to_string(::getpid()) + ".log");
  Log() { std::ofstream(path, std::ios::trunc) << "an old line\n"; }
  ~Log() { std::filesystem::remove(path); }
  void Append(const std::string& text) { std::ofstream(path, std::ios::app) << text; }
};

std::string Line(int status, double seconds = 0.01) {
  return fmt::format("1.2.3.4 - - [10/Oct/2026:13:55:36 +0000] \"GET / HTTP/1.1\" {} 12 \"-\" \"wrk\" {}\n",
                     status, seconds);
}

WallTime At(int64_t seconds) {
  return WallFromMicros((1'700'000'000 + seconds) * 1'000'000);
}

model::ServiceSpec Spec(const Log& log, int replicas = 2) {
  model::ServiceSpec spec;
  spec.telemetry.access_log.emplace().path = log.path.string();
  spec.telemetry.access_log->replicas = replicas;
  return spec;
}

const model::KpiWindow& Window(const Polled& polled) {
  REQUIRE_OK(polled.status);
  REQUIRE(polled.events.size() == 1);
  return std::get<ports::ProductionWindow>(polled.events[0]).service;
}

}  // namespace

TEST_CASE("Lines that are appended become windows, and half a line waits for its end") {
  Log log;
  HttpClient client;
  AccessLogSource source(Spec(log));
  CHECK(source.Poll(client, At(0)).events.empty());
  log.Append(Line(200, 0.02) + Line(503) + Line(404).substr(0, 30));
  Polled polled = source.Poll(client, At(10));
  CHECK(Window(polled).offered == 2);
  CHECK(Window(polled).errors == 1);
  CHECK(Window(polled).latency_us == std::vector<uint32_t>{20'000, 10'000});
  CHECK(Window(polled).length == std::chrono::seconds(10));
  log.Append(Line(404).substr(30));
  CHECK(Window(source.Poll(client, At(20))).offered == 1);
  CHECK(Window(source.Poll(client, At(30))).offered == 0);  // a log that is there and silent
}

TEST_CASE("A log is followed where it is renamed, and where it is truncated") {
  Log log;
  HttpClient client;
  AccessLogSource source(Spec(log));
  source.Poll(client, At(0));
  log.Append(Line(200));
  const auto old = log.path.string() + ".1";
  std::filesystem::rename(log.path, old);
  std::ofstream(old, std::ios::app) << Line(200);  // until the writer opens it anew
  log.Append(Line(200) + Line(200));
  CHECK(Window(source.Poll(client, At(10))).offered == 4);
  std::filesystem::remove(old);
  std::ofstream(log.path, std::ios::trunc) << Line(500);
  CHECK(Window(source.Poll(client, At(20))).offered == 1);
}

TEST_CASE("A log that is missing is missing data, and is found when it comes") {
  Log log;
  HttpClient client;
  AccessLogSource source(Spec(log));
  source.Poll(client, At(0));
  std::filesystem::remove(log.path);
  Polled polled = source.Poll(client, At(10));
  CHECK(absl::IsNotFound(polled.status));
  CHECK(polled.events.empty());
  log.Append(Line(200));
  CHECK(source.Poll(client, At(20)).events.empty());  // from here on
  log.Append(Line(200));
  CHECK(Window(source.Poll(client, At(30))).offered == 1);
}

TEST_CASE("Lines of another kind are counted and one is shown; without any other there is no window") {
  Log log;
  HttpClient client;
  AccessLogSource source(Spec(log, 0));
  source.Poll(client, At(0));
  log.Append("nonsense\n" + Line(200) + std::string(100'000, 'x') + "\n");
  Polled polled = source.Poll(client, At(10));
  CHECK(MessageOf(polled.status).find("nonsense") != std::string::npos);
  REQUIRE(polled.events.size() == 1);
  CHECK(std::get<ports::DemandSample>(polled.events[0]).rps == Approx(0.1));
  log.Append("nonsense\n");
  CHECK(source.Poll(client, At(20)).events.empty());
}
