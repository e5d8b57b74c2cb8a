#include "kpi/wire.h"

#include <catch2/catch.hpp>
#include <string>

using shadowd::kpi::WireReader;

TEST_CASE("Fields of each type are read, and those that are not wanted are skipped") {
  // 1: varint 300; 2: "hi"; 3: double 1.5; 4: fixed32; 5: sint -2
  const std::string bytes(
      "\x08\xac\x02\x12\x02hi\x19\x00\x00\x00\x00\x00\x00\xf8\x3f\x25\x01\x00\x00\x00\x28\x03", 23);
  WireReader reader(bytes);
  REQUIRE(reader.Next());
  CHECK(reader.field() == 1);
  CHECK(reader.varint() == 300);
  CHECK(reader.bytes().empty());
  REQUIRE(reader.Next());
  CHECK(reader.bytes() == "hi");
  REQUIRE(reader.Next());
  CHECK(reader.real() == 1.5);
  REQUIRE(reader.Next());
  REQUIRE(reader.Next());
  CHECK(reader.field() == 5);
  CHECK(reader.zigzag() == -2);
  CHECK_FALSE(reader.Next());
  CHECK(reader.ok());
}

TEST_CASE("Malformed bytes end the reading and are told from its end") {
  for (const std::string& bytes :
       {std::string("\x08"), std::string("\x12\x05hi"), std::string("\x19\x00"), std::string("\x0b\x01"),
        std::string("\x00\x01", 2), std::string(11, '\xff'), std::string("\x0f\x01")}) {
    WireReader reader(bytes);
    while (reader.Next()) {
    }
    CHECK_FALSE(reader.ok());
  }
}
