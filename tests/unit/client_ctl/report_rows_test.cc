#include "report_rows.h"

#include "require_ok.h"

namespace shadowd::ctl {
namespace {

const WallTime kNow = WallFromMicros(1'700'000'000'500'000);

TEST_CASE("A row is the demand of now, or of a time") {
  auto row = ParseReportRow(" 12.5\r", 1, kNow);
  REQUIRE_OK(row);
  CHECK((*row)->rps() == 12.5);
  CHECK((*row)->time().seconds() == 1'700'000'000);
  CHECK((*row)->time().nanos() == 500'000'000);
  row = ParseReportRow("1600000000, 3", 1, kNow);
  REQUIRE_OK(row);
  CHECK((*row)->time().seconds() == 1'600'000'000);
  CHECK(ParseReportRow("2026-01-01T00:00:00Z,3", 1, kNow).ok());
  CHECK_FALSE(ParseReportRow("", 1, kNow)->has_value());
  CHECK_FALSE(ParseReportRow("# comment", 1, kNow)->has_value());
}

TEST_CASE("What is no row names its line") {
  for (const char* bad : {"x", "-1", "nan", "1,", "yesterday,1", "1,2,3"}) {
    INFO(bad);
    CHECK(MessageOf(ParseReportRow(bad, 7, kNow).status()).find("line 7") == 0);
  }
}

}  // namespace
}  // namespace shadowd::ctl
