#include "kpi/access_log.h"

#include "require_ok.h"

using namespace shadowd;
using kpi::ParseAccessLog;
using model::AccessLogFormat;

namespace {
const std::string kCommonLine =
    R"(10.0.0.1 - frank [10/Oct/2026:13:55:36 +0000] "GET /a\"b HTTP/1.1" 503 2326)";
const std::string kCombinedLine = kCommonLine + R"( "http://ref/" "Mozilla \"x\"")";
}  // namespace

TEST_CASE("Lines of each format are read for what they are") {
  CHECK(ParseAccessLog(kCommonLine, AccessLogFormat::kAuto)->status == 503);
  CHECK_FALSE(ParseAccessLog(kCommonLine, AccessLogFormat::kAuto)->latency_us);
  CHECK(ParseAccessLog(kCombinedLine, AccessLogFormat::kCombined)->status == 503);
  CHECK(ParseAccessLog(kCombinedLine + " 0.025", AccessLogFormat::kAuto)->latency_us == 25'000.0);
  CHECK_FALSE(ParseAccessLog(kCombinedLine + " -", AccessLogFormat::kAuto)->latency_us);
  CHECK_FALSE(ParseAccessLog(kCombinedLine + " 0.025", AccessLogFormat::kCommon)->latency_us);
  const auto json = ParseAccessLog(R"({"status":"200","request_time":0.004})", AccessLogFormat::kAuto);
  REQUIRE_OK(json);
  CHECK(json->status == 200);
  CHECK(json->latency_us == 4'000.0);
  CHECK(ParseAccessLog(R"({"status":200,"duration_ms":1.5})", AccessLogFormat::kJson)->latency_us == 1'500.0);
  CHECK(ParseAccessLog(R"({"status":200,"duration_us":7})", AccessLogFormat::kJson)->latency_us == 7.0);
}

TEST_CASE("Bytes that are no line are refused, and shown by their beginning") {
  for (const char* bad : {"", "hello", "a [b] \"c", R"(a [b] "GET /" x 1)", R"(a [b] "GET /" 99 1)",
                          R"(a [b] "GET /" 200)", "{", "{}", R"({"status":true})", R"({"status":7})"}) {
    INFO(bad);
    CHECK(absl::IsInvalidArgument(ParseAccessLog(bad, AccessLogFormat::kAuto).status()));
  }
  CHECK(absl::IsInvalidArgument(ParseAccessLog(kCommonLine, AccessLogFormat::kCombined).status()));
  CHECK(absl::IsInvalidArgument(ParseAccessLog(kCommonLine, AccessLogFormat::kJson).status()));
  CHECK_FALSE(ParseAccessLog(R"({"status":200,"request_time":-1})", AccessLogFormat::kJson)->latency_us);
}
