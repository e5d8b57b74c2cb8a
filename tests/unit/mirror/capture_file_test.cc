#include "mirror/capture_file.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

namespace shadowd::mirror {
namespace {

std::string U32(uint32_t value, bool big = false) {
  std::string bytes;
  for (int i = 0; i < 4; ++i) {
    bytes += static_cast<char>(value >> (big ? 24 - 8 * i : 8 * i) & 0xff);
  }
  return bytes;
}

std::string Classic(uint32_t magic, bool big, uint32_t link = 1) {
  std::string version = big ? std::string("\0\2\0\4", 4) : std::string("\2\0\4\0", 4);
  return U32(magic, big) + version + U32(0, big) + U32(0, big) + U32(65535, big) + U32(link, big);
}

std::string Record(uint32_t seconds, uint32_t fraction, const std::string& data, bool big) {
  const auto size = static_cast<uint32_t>(data.size());
  return U32(seconds, big) + U32(fraction, big) + U32(size, big) + U32(size, big) + data;
}

std::string Block(uint32_t type, std::string body) {
  body.resize((body.size() + 3) / 4 * 4);
  const auto length = static_cast<uint32_t>(body.size() + 12);
  return U32(type) + U32(length) + body + U32(length);
}

struct Read {
  std::vector<std::pair<int64_t, std::string>> frames;
  Status status;
};
Read Of(const std::string& file) {
  Read read;
  read.status = ReadCapture(file, [&](const CapturedFrame& frame) {
    read.frames.emplace_back(frame.at.time_since_epoch().count(), std::string(AsText(frame.bytes)));
  });
  return read;
}

const std::string kSection = Block(0x0a0d0d0a, U32(0x1a2b3c4d) + U32(1) + U32(0xffffffff) + U32(0xffffffff));

}  // namespace

TEST_CASE("pcap in either byte order, with micro- and nanoseconds") {
  for (const bool big : {false, true}) {
    CHECK(Of(Classic(0xa1b2c3d4, big) + Record(2, 5, "abc", big)).frames[0] ==
          std::pair<int64_t, std::string>(2'000'005, "abc"));
    CHECK(Of(Classic(0xa1b23c4d, big) + Record(2, 5000, "abc", big)).frames[0].first == 2'000'005);
  }
}

TEST_CASE("pcapng: interfaces with their resolution, enhanced and simple packets") {
  const std::string nano = Block(1, U32(1) + U32(0) + std::string("\x09\0\x01\0\x09\0\0\0", 8) + U32(0));
  const std::string enhanced = Block(6, U32(0) + U32(0) + U32(7'000) + U32(3) + U32(3) + "abc");
  const std::string simple = Block(3, U32(2) + "xy");
  const Read read = Of(kSection + nano + enhanced + simple);
  REQUIRE(read.status.ok());
  CHECK(read.frames == std::vector<std::pair<int64_t, std::string>>{{7, "abc"}, {0, "xy"}});
}

TEST_CASE("what is damaged says where, and what came before counts") {
  const std::string good = Classic(0xa1b2c3d4, false) + Record(1, 0, "abc", false);
  const Read torn = Of(good + Record(1, 0, "abcdef", false).substr(0, 18));
  CHECK(torn.frames.size() == 1);
  CHECK(MessageOf(torn.status) == "the file ends inside packet 2");
  CHECK(MessageOf(Of(Classic(0xa1b2c3d4, false, 147)).status).find("link type 147") == 0);
  CHECK(MessageOf(Of("").status) == "too short for a capture file");
  CHECK(MessageOf(Of(std::string(64, 'x')).status) == "not a capture file (pcap or pcapng)");
  const std::string interface = Block(1, U32(1) + U32(0));
  CHECK_FALSE(Of(kSection + Block(6, U32(0) + U32(0) + U32(0) + U32(3) + U32(3) + "abc")).status.ok());
  CHECK_FALSE(
      Of(kSection + interface + Block(6, U32(0) + U32(0) + U32(0) + U32(99) + U32(99) + "abc")).status.ok());
  CHECK_FALSE(Of(kSection + U32(6) + U32(7) + U32(0)).status.ok());
}

}  // namespace shadowd::mirror
