#include "kpi/number.h"

#include <catch2/catch.hpp>
#include <cmath>

using namespace shadowd::kpi;

TEST_CASE("A number is the whole text, and may be one of those that are none") {
  CHECK(ParseDouble("1.5e3") == 1500);
  CHECK(ParseDouble("+2") == 2);
  CHECK(ParseDouble("-0.5") == -0.5);
  CHECK(std::isnan(*ParseDouble("NaN")));
  CHECK(std::isinf(*ParseDouble("+Inf")));
  CHECK(*ParseDouble("-Inf") < 0);
  for (const char* bad : {"", "+", "+-1", "1 ", "1x", "--1", "0x10"}) {
    CHECK_FALSE(ParseDouble(bad));
  }
}

TEST_CASE("An excerpt is short and printable") {
  CHECK(Excerpt("a\n\x01z") == "a  z");
  CHECK(Excerpt(std::string(1000, 'x')) == std::string(80, 'x') + "...");
}
