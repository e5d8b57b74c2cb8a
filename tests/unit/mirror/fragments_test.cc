#include "mirror/fragments.h"

#include <catch2/catch.hpp>
#include <string>

#include "fakes/packets.h"
#include "mirror/frame.h"

namespace shadowd::mirror {
namespace {

constexpr MonoTime kStart{std::chrono::seconds(100)};

// A piece of an IPv4 packet: `offset` in bytes, a multiple of 8.
std::string Piece(const std::string& payload, size_t offset, size_t size, bool more, uint8_t id = 7) {
  std::string packet = fakes::Ipv4Bytes(payload.substr(offset, size));
  packet[5] = static_cast<char>(id);
  packet[6] = static_cast<char>((more ? 0x20 : 0) | (offset / 8 >> 8));
  packet[7] = static_cast<char>(offset / 8 & 0xff);
  return packet;
}

std::string TextOf(Bytes whole) {
  TcpSegment segment;
  REQUIRE(ParseFrame(whole, LinkType::kRawIp, segment) == FrameResult::kTcp);
  return std::string(AsText(segment.payload));
}

const std::string kText = "GET /a-target-that-is-long-enough-for-three-pieces HTTP/1.1\r\nHost: a\r\n\r\n";
const std::string kTcp = fakes::TcpBytes({}, kText);

}  // namespace

TEST_CASE("pieces come in any order and twice, and make one packet") {
  for (const std::vector<int>& order : std::vector<std::vector<int>>{{0, 1, 2}, {2, 1, 0}, {1, 1, 2, 0}}) {
    Fragments fragments;
    const std::string pieces[] = {Piece(kTcp, 0, 32, true), Piece(kTcp, 32, 32, true),
                                  Piece(kTcp, 64, kTcp.size(), false)};
    Bytes whole;
    for (size_t i = 0; i < order.size(); ++i) {
      REQUIRE(whole.empty());
      whole = fragments.Add(AsBytes(pieces[order[i]]), kStart);
    }
    REQUIRE_FALSE(whole.empty());
    CHECK(TextOf(whole) == kText);
    CHECK(fragments.lost() == 0);
  }
}

TEST_CASE("packets are told apart by their id") {
  Fragments fragments;
  const std::string other = fakes::TcpBytes({}, "HEAD / HTTP/1.1\r\nHost: another\r\n\r\n");
  CHECK(fragments.Add(AsBytes(Piece(kTcp, 0, 32, true, 1)), kStart).empty());
  CHECK(fragments.Add(AsBytes(Piece(other, 0, 32, true, 2)), kStart).empty());
  CHECK(TextOf(fragments.Add(AsBytes(Piece(kTcp, 32, 999, false, 1)), kStart)) == kText);
}

TEST_CASE("IPv6 fragments are put together") {
  const auto piece = [](size_t offset, size_t size, bool more) {
    const std::string data = kTcp.substr(offset, size);
    std::string packet(40, '\0');
    packet[0] = '\x60';
    packet[5] = static_cast<char>(data.size() + 8);
    packet[6] = 44;
    std::string header{'\6', '\0', '\0', static_cast<char>(offset | (more ? 1 : 0)), 0, 0, 0, 9};
    return packet + header + data;
  };
  Fragments fragments;
  CHECK(fragments.Add(AsBytes(piece(48, 999, false)), kStart).empty());
  CHECK(TextOf(fragments.Add(AsBytes(piece(0, 48, true)), kStart)) == kText);
}

TEST_CASE("overlaps, endless packets and old ones are given up and counted") {
  Fragments fragments;
  CHECK(fragments.Add(AsBytes(Piece(kTcp, 0, 40, true)), kStart).empty());
  CHECK(fragments.Add(AsBytes(Piece(kTcp, 32, 16, true)), kStart).empty());
  CHECK(fragments.lost() == 2);
  CHECK(fragments.Add(AsBytes(Piece(kTcp, 0, 32, true)), kStart).empty());
  fragments.Expire(kStart + Fragments::kTimeout);
  CHECK(fragments.lost() == 3);
  std::string beyond = Piece(kTcp, 0, 32, true);
  beyond[6] = '\x3f';
  beyond[7] = '\xff';
  CHECK(fragments.Add(AsBytes(beyond), kStart).empty());
  CHECK(fragments.lost() == 4);
}

TEST_CASE("no more packets are waited for than the bound, the oldest goes") {
  Fragments fragments;
  for (size_t i = 0; i <= Fragments::kPacketsMax; ++i) {
    const MonoTime at = kStart + Micros(static_cast<int64_t>(i));
    CHECK(fragments.Add(AsBytes(Piece(kTcp, 0, 32, true, static_cast<uint8_t>(i))), at).empty());
  }
  CHECK(fragments.lost() == 1);
}

}  // namespace shadowd::mirror
