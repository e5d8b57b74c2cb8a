#include "load/access_log.h"

#include <catch2/catch.hpp>

namespace shadowd::load {

TEST_CASE("lines of the Common and the Combined Log Format") {
  const auto common =
      ParseLogLine(R"(1.2.3.4 - - [10/Oct/2000:13:55:36 -0700] "GET /a.gif?x=1 HTTP/1.0" 200 2326)");
  REQUIRE(common);
  CHECK(common->method == "GET");
  CHECK(common->target == "/a.gif?x=1");
  CHECK(common->status == 200);
  CHECK(common->hour == 13);
  const auto combined = ParseLogLine(
      R"(::1 - bob [17/May/2015:00:05:03 +0000] "HEAD / HTTP/1.1" 404 - "http://a/ \"b" "curl/8 [x]")");
  REQUIRE(combined);
  CHECK(combined->method == "HEAD");
  CHECK(combined->hour == 0);
  const auto old = ParseLogLine(R"(h - - [01/Jul/1995:00:00:01 -0400] "GET /old" 304 0)");
  REQUIRE(old);
  CHECK(old->target == "/old");
}

TEST_CASE("what cannot be sent again is left out") {
  for (const char* bad : {"", "nonsense", R"(h - - [x] "GET / HTTP/1.1" 200 1)",
                          R"(h - - [10/Oct/2000:25:55:36 -0700] "GET / HTTP/1.1" 200 1)",
                          R"(h - - [10/Oct/2000:13:55:36 -0700] "GET" 200 1)",
                          R"(h - - [10/Oct/2000:13:55:36 -0700] "get / HTTP/1.1" 200 1)",
                          R"(h - - [10/Oct/2000:13:55:36 -0700] "GET http://a/ HTTP/1.1" 200 1)",
                          R"(h - - [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.1" abc 1)",
                          "h - - [10/Oct/2000:13:55:36 -0700] \"GET /\x01 HTTP/1.1\" 200 1"}) {
    INFO(bad);
    CHECK_FALSE(ParseLogLine(bad));
  }
}

}  // namespace shadowd::load
