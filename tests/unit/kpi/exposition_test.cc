#include "kpi/exposition.h"

#include <string>
#include <vector>

#include "require_ok.h"

using namespace shadowd;
using namespace shadowd::kpi;
using model::SeriesKind;

namespace {
struct Seen {
  std::string metric, code, path;
  double value = 0;
  SeriesKind hint = SeriesKind::kAuto;
};
Status Read(std::string_view text, std::vector<Seen>& seen, size_t most = 100) {
  return ReadExposition(text, most, [&seen](const SeriesSample& sample) {
    seen.push_back({std::string(sample.metric), std::string(ValueOf(sample.labels, "code")),
                    std::string(ValueOf(sample.labels, "path")), sample.value, sample.hint});
  });
}
}  // namespace

TEST_CASE("A page is read line by line, with labels, escapes, times and types") {
  std::vector<Seen> seen;
  REQUIRE_OK(
      Read("# HELP http_requests Requests.\n# TYPE http_requests counter\n"
           "http_requests{code=\"200\", path=\"/a\\\"\\\\\\nb\",} 10 1700000000000\r\n"
           "\n# a comment\nup 1\nempty{} +Inf\n# EOF",
           seen));
  REQUIRE(seen.size() == 3);
  CHECK(seen[0].metric == "http_requests");
  CHECK(seen[0].code == "200");
  CHECK(seen[0].path == "/a\"\\\nb");
  CHECK(seen[0].value == 10);
  CHECK(seen[0].hint == SeriesKind::kCounter);
  CHECK(seen[1].hint == SeriesKind::kAuto);
}

TEST_CASE("What is no exposition names its line") {
  for (const char* bad :
       {"<html>", "a", "a{", "a{b} 1", "a{b=\"c} 1", "a{b=\"c\" 1", "a one", "1 {", "a{b=\"\\"}) {
    INFO(bad);
    std::vector<Seen> seen;
    const Status status = Read(std::string("ok 1\n") + bad, seen);
    CHECK(absl::IsInvalidArgument(status));
    CHECK(MessageOf(status).find("line 2") != std::string::npos);
    CHECK(seen.size() == 1);
  }
}

TEST_CASE("A page with too many samples is refused where it is too long") {
  std::vector<Seen> seen;
  CHECK(ReasonOf(Read("a 1\nb 2\nc 3\n", seen, 2)) == "TOO_MANY_SAMPLES");
  CHECK(seen.size() == 2);
}

TEST_CASE("nginx's stub_status is a counter of requests") {
  std::vector<Seen> seen;
  REQUIRE_OK(
      Read("Active connections: 2 \nserver accepts handled requests\n 16630948 16630946 31070465 \n"
           "Reading: 6 Writing: 179 Waiting: 106 \n",
           seen));
  REQUIRE(seen.size() == 1);
  CHECK(seen[0].metric == "nginx_http_requests_total");
  CHECK(seen[0].value == 31'070'465);
  CHECK_FALSE(Read("Active connections: 2\nnothing", seen).ok());
  CHECK_FALSE(Read("Active connections: 2\nrequests\n 1 x\n", seen).ok());
}
