#include "input/demand_rows.h"

#include "require_ok.h"

namespace shadowd::input {
namespace {

// Of the first row that cannot be read, or of the columns.
std::string Fault(std::string_view text, const std::string& column = "") {
  auto rows = DemandRows::Open(text, "h.csv", column);
  if (!rows.ok()) {
    return MessageOf(rows.status());
  }
  while (true) {
    const StatusOr<bool> more = rows->Next();
    if (!more.ok() || !*more) {
      return MessageOf(more.status());
    }
  }
}

}  // namespace

TEST_CASE("rows are read in order, with their times, values and gaps") {
  auto rows = DemandRows::Open("zone,timestamp,value\na,10,5\nb,2001-09-09T01:46:40Z,\n\nc,1000000000.5,0\n",
                               "h.csv");
  REQUIRE_OK(rows);
  REQUIRE(rows->Next().value());
  CHECK(rows->at() == WallFromMicros(10'000'000));
  CHECK(rows->demand() == 5.0);
  CHECK(rows->row().Cell(0) == "a");
  REQUIRE(rows->Next().value());
  CHECK(rows->at() == WallFromMicros(1'000'000'000'000'000));
  CHECK_FALSE(rows->demand().has_value());
  REQUIRE(rows->Next().value());
  CHECK(rows->row().line() == 5);
  CHECK(rows->demand() == 0.0);
  CHECK_FALSE(rows->Next().value());
}

TEST_CASE("the demand is the column value, or rps, or the one that is asked for") {
  const auto first = [](std::string_view text, const std::string& column = "") {
    auto rows = DemandRows::Open(text, "h.csv", column);
    REQUIRE_OK(rows);
    REQUIRE(rows->Next().value());
    return rows->demand().value();
  };
  CHECK(first("time,rps\n1,5\n") == 5);
  CHECK(first("time,rps,value\n1,5,50\n") == 50);
  CHECK(first("time,rps,value\n1,5,50\n", "rps") == 5);
  CHECK(Fault("time,load\n1,5\n") == "h.csv:1: there is no column 'value'; the first line names: time, load");
  CHECK(Fault("when,value\n1,5\n").find("no column 'timestamp'") != std::string::npos);
}

TEST_CASE("a row that cannot be demand is refused with its line and column") {
  CHECK(Fault("time,rps\n1,-2\n") == "h.csv:2: rps: '-2', expected a number >= 0, or nothing for a gap");
  CHECK(Fault("time,rps\n1,2\n2,inf\n").find("h.csv:3: rps: 'inf'") == 0);
  CHECK(Fault("time,rps\n1,2\n1,3\n") == "h.csv:3: time: it does not come after the row before");
  CHECK(Fault("time,rps\nyesterday,2\n").find("h.csv:2: time: 'yesterday', expected Unix seconds") == 0);
}

}  // namespace shadowd::input
