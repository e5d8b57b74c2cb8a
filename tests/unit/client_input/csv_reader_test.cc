#include "input/csv_reader.h"

#include <vector>

#include "require_ok.h"

namespace shadowd::input {
namespace {

std::string MessageOfOpen(std::string_view text) {
  return MessageOf(CsvReader::Open(text, "f.csv").status());
}

}  // namespace

TEST_CASE("rows are read by the names of their columns, whatever their order") {
  auto rows = CsvReader::Open("\xef\xbb\xbf time , value,note\r\n1,2.5,\"a, b\"\n\n2,,\n3\n", "f.csv");
  REQUIRE_OK(rows);
  const size_t time = rows->Column("time").value(), value = rows->Column("value").value();
  REQUIRE(rows->Next().value());
  CHECK(rows->Number(value).value() == 2.5);
  CHECK(rows->Cell(rows->Column("note").value()) == "a, b");
  REQUIRE(rows->Next().value());
  CHECK(rows->line() == 4);
  CHECK(rows->Cell(value).empty());
  CHECK_FALSE(rows->Optional(value).value().has_value());
  REQUIRE(rows->Next().value());
  CHECK(rows->Number(time).value() == 3);
  CHECK(rows->Cell(value).empty());
  CHECK_FALSE(rows->Next().value());
}

TEST_CASE("errors name file, line, column and what was found") {
  CHECK(MessageOfOpen("") == "f.csv: the file is empty");
  CHECK(MessageOfOpen(" \n\r\n") == "f.csv: the file is empty");
  CHECK(MessageOfOpen("a,b,a\n") == "f.csv:1: column 'a' is there twice");
  auto rows = CsvReader::Open("time,value\nx,nan\n1,2,3\n", "f.csv");
  REQUIRE_OK(rows);
  CHECK(MessageOf(rows->Column("rps").status()) ==
        "f.csv:1: there is no column 'rps'; the first line names: time, value");
  REQUIRE(rows->Next().value());
  CHECK(MessageOf(rows->Number(0).status()) == "f.csv:2: time: 'x' is not a number");
  CHECK(MessageOf(rows->NotNegative(1).status()) == "f.csv:2: value: 'nan', expected a number >= 0");
  CHECK(MessageOf(rows->Next().status()) ==
        "f.csv:3: 3 cells, but the first line names 2 columns (a decimal comma?)");
}

TEST_CASE("bytes of others are shown printable and short") {
  CHECK(Shown("plain") == "plain");
  CHECK(Shown(std::string_view("a\0\x1b[31m\xff", 8)) == "a??[31m?");
  CHECK(Shown(std::string(100, 'x')).size() == 43);
}

TEST_CASE("times are Unix seconds or calendar times with any offset") {
  const WallTime expected = WallFromMicros(1'700'000'000'500'000);
  for (const char* text : {"1700000000.5", "2023-11-14T22:13:20.5Z", "2023-11-14 22:13:20.500",
                           "2023-11-15T00:13:20.5+02:00", "2023-11-14T17:13:20.5-0500"}) {
    CAPTURE(text);
    const auto time = ParseTime(text);
    REQUIRE_OK(time);
    CHECK(*time == expected);
  }
  CHECK(ParseTime("2024-02-29T12:30").value() == ParseTime("2024-02-29T12:30:00Z").value());
  for (const char* text :
       {"", "yesterday", "2023-02-29T00:00:00Z", "2023-13-01T00:00:00Z", "2023-11-14", "2023-11-14T25:00:00Z",
        "2023-11-14T22:13:20Zulu", "2023-11-14T22:13:20.Z", "inf"}) {
    CAPTURE(text);
    CHECK(absl::IsInvalidArgument(ParseTime(text).status()));
  }
  CHECK(MessageOf(ParseTime("1700000000000").status()).find("milliseconds") != std::string::npos);
}

TEST_CASE("a number is finite and nothing else") {
  CHECK(ParseNumber("-1.5e3") == -1500);
  for (const char* text : {"", "1x", "NaN", "inf", "1e999", "0x10", "1 2"}) {
    CAPTURE(text);
    CHECK_FALSE(ParseNumber(text).has_value());
  }
}

}  // namespace shadowd::input
