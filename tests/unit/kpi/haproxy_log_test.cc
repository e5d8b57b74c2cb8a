#include "kpi/haproxy_log.h"

#include <string>

#include "require_ok.h"

using namespace shadowd;
using kpi::HaproxyLogEntry;
using kpi::ParseHaproxyLog;

namespace {
const std::string kTail =
    "127.0.0.1:47838 [24/Nov/2026:11:23:09.981] f2 b/s1 0/3/1/20/24 200 116 - - ---- 1/1/0/0/0 0/0 \"GET "
    "/a?b=1 HTTP/1.1\"";
}

TEST_CASE("An HTTP log line is read behind every syslog header") {
  const std::string header =
      GENERATE(as<std::string>(), "",
               "<134>Nov 24 11:23:10 haproxy[12754]: ", "<134>Nov 24 11:23:10 host haproxy[12754]: ",
               "<134>1 2026-11-24T11:23:10.000000+00:00 host haproxy 12754 - - ");
  const std::string end = GENERATE(as<std::string>(), "", "\n");
  const std::string line = header + kTail + end;
  const StatusOr<HaproxyLogEntry> entry = ParseHaproxyLog(line);
  REQUIRE_OK(entry);
  CHECK(entry->frontend == "f2");
  CHECK(entry->backend == "b");
  CHECK(entry->server == "s1");
  CHECK(entry->status == 200);
  CHECK(entry->queue_ms == 3);
  CHECK(entry->response_ms == 20);
  CHECK(entry->active_ms == 24);
  CHECK(entry->termination == "----");
  CHECK(entry->method == "GET");
  CHECK(entry->path == "/a?b=1");
  CHECK(entry->latency_us() == 24'000);
  CHECK_FALSE(entry->failed());
}

TEST_CASE("Microseconds at the end of the line are preferred to the milliseconds in it") {
  const std::string exact = kTail + " us=24653\n";
  CHECK(ParseHaproxyLog(exact)->latency_us() == 24'653);
  const std::string absent = kTail + " us=-\n";
  CHECK(ParseHaproxyLog(absent)->latency_us() == 24'000);
}

TEST_CASE("Failures are told from what a client gave up") {
  struct Row {
    const char* middle;
    bool failed;
    bool client_left;
  };
  const Row row = GENERATE(values<Row>({{"b/s1 0/0/0/-1/5000 504 198 - - sH--", true, false},
                                        {"b/<NOSRV> 0/-1/-1/-1/0 503 217 - - SC--", true, false},
                                        {"b/s1 0/0/0/5/9 200 17 - - SD--", true, false},
                                        {"b/s1 0/0/0/-1/9 -1 0 - - CH--", false, true},
                                        {"b/s1 0/0/0/2/9 200 10 - - cD--", false, true},
                                        {"b/s1 0/0/0/2/9 404 10 - - ----", false, false},
                                        {"b/<NOSRV> 0/-1/-1/-1/0 302 10 - - LR--", false, false},
                                        {"f/<NOSRV> -1/-1/-1/-1/0 400 0 - - PR--", true, false}}));
  const std::string line =
      std::string("x [24/Nov/2026:11:23:09.981] f ") + row.middle + " 1/1/0/0/0 0/0 \"GET / HTTP/1.1\"";
  const StatusOr<HaproxyLogEntry> entry = ParseHaproxyLog(line);
  REQUIRE_OK(entry);
  CHECK(entry->failed() == row.failed);
  CHECK(entry->client_left() == row.client_left);
}

TEST_CASE("A line that syslog cut short is still a request") {
  const size_t cut = kTail.find("/a?b");
  const std::string line = kTail.substr(0, cut + 2);
  const StatusOr<HaproxyLogEntry> entry = ParseHaproxyLog(line);
  REQUIRE_OK(entry);
  CHECK(entry->path == "/a");
  CHECK(entry->active_ms == 24);
}

TEST_CASE("A request that was not understood has no method and no path") {
  const StatusOr<HaproxyLogEntry> entry = ParseHaproxyLog(
      "x [24/Nov/2026:11:23:09.981] f f/<NOSRV> -1/-1/-1/-1/0 400 0 - - PR-- 2/2/0/0/0 0/0 \"<BADREQ>\"");
  REQUIRE_OK(entry);
  CHECK(entry->method.empty());
  CHECK(entry->path.empty());
}

TEST_CASE("Lines that are no HTTP log line name the part that is missing") {
  const auto [line, part] = GENERATE(table<std::string, std::string>(
      {{"", "accept date"},
       {"<134>Nov 24 haproxy[1]: Proxy b started.", "accept date"},
       {"x [24/Nov/2026:11:23:09.981] f", "backend/server"},
       {"x [24/Nov/2026:11:23:09.981] f b/s 0/0/30 200 116", "timers"},
       {"x [24/Nov/2026:11:23:09.981] f b/s 0/0/0/0/0/0 200 116", "timers"},
       {"x [24/Nov/2026:11:23:09.981] f b/s 0/0/0/0/-2 200 116", "timers"},
       {"x [24/Nov/2026:11:23:09.981] f b/s 0/0/0/0/5 abc", "status code"},
       {"x [24/Nov/2026:11:23:09.981] f b/s 0/0/0/0/5 200 1 - -", "termination"}}));
  const Status status = ParseHaproxyLog(line).status();
  CHECK(absl::IsInvalidArgument(status));
  CHECK_THAT(MessageOf(status), Catch::Contains(part));
}

TEST_CASE("Latencies beyond 32 bits of microseconds stay at the largest") {
  const std::string line =
      "x [24/Nov/2026:11:23:09.981] f b/s 0/0/0/0/9999999999 200 1 - - ---- 1/1/0/0/0 0/0 \"GET / HTTP/1.1\"";
  CHECK(ParseHaproxyLog(line)->latency_us() == UINT32_MAX);
}
