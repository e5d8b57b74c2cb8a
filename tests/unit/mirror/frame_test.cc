#include "mirror/frame.h"

#include "fakes/packets.h"
#include "require_ok.h"

namespace shadowd::mirror {
namespace {

using fakes::EthernetBytes;
using fakes::Ipv4Bytes;
using fakes::Ipv6Bytes;
using fakes::TcpBytes;

constexpr std::string_view kPayload = "GET / HTTP/1.1\r\n\r\n";

std::string Vlan(std::string_view ip) {
  return EthernetBytes(std::string("\x00\x05\x08\x00", 4).append(ip), 0x8100);
}

TEST_CASE("a TCP segment is found in every encapsulation that a plain tap sees") {
  const std::string tcp = TcpBytes({}, kPayload);
  const std::string hop_by_hop = std::string("\x06\x00\x01\x04\x00\x00\x00\x00", 8) + tcp;
  struct Case {
    const char* name;
    std::string frame;
    LinkType link;
  };
  const auto c = GENERATE_COPY(
      Case{"Ethernet, IPv4", EthernetBytes(Ipv4Bytes(tcp)), LinkType::kEthernet},
      Case{"Ethernet, IPv6", EthernetBytes(Ipv6Bytes(tcp), 0x86dd), LinkType::kEthernet},
      Case{"VLAN tag", Vlan(Ipv4Bytes(tcp)), LinkType::kEthernet},
      Case{"IPv6 hop-by-hop header", EthernetBytes(Ipv6Bytes(hop_by_hop, 0), 0x86dd), LinkType::kEthernet},
      Case{"IPv6 in IPv4", EthernetBytes(Ipv4Bytes(Ipv6Bytes(tcp), 41)), LinkType::kEthernet},
      Case{"raw IP", Ipv4Bytes(tcp), LinkType::kRawIp},
      Case{"padded to the smallest frame", EthernetBytes(Ipv4Bytes(tcp)) + std::string(30, '\0'),
           LinkType::kEthernet});
  INFO(c.name);
  TcpSegment segment;
  REQUIRE(ParseFrame(AsBytes(c.frame), c.link, segment) == FrameResult::kTcp);
  CHECK(AsText(segment.payload) == kPayload);
  CHECK(segment.key.source_port == 40000);
  CHECK(segment.key.destination_port == 80);
  CHECK(segment.sequence == 1000);
  CHECK(segment.ack);
  CHECK_FALSE(segment.syn);
  CHECK(segment.cut == 0);
}

TEST_CASE("a frame cut at any byte is never read beyond its end") {
  const std::string frame = EthernetBytes(Ipv4Bytes(TcpBytes({}, kPayload)));
  for (size_t size = 0; size < frame.size(); ++size) {
    const std::vector<char> exact(frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(size));
    TcpSegment segment;
    const FrameResult result = ParseFrame(std::as_bytes(std::span(exact)), LinkType::kEthernet, segment);
    CHECK((result == FrameResult::kTcp) == (size >= 54));
    if (result == FrameResult::kTcp) {
      CHECK(segment.payload.size() + segment.cut == kPayload.size());
    }
  }
}

TEST_CASE("frames that a mirror wrapped are unwrapped: GRE, ERSPAN, VXLAN") {
  const std::string frame = EthernetBytes(Ipv4Bytes(TcpBytes({}, kPayload)));
  const auto gre = [](std::string header, const std::string& inner) {
    return EthernetBytes(Ipv4Bytes(header + inner, 47));
  };
  const auto text = [](const std::string& bytes) {
    TcpSegment segment;
    const FrameResult result = ParseFrame(AsBytes(bytes), LinkType::kEthernet, segment);
    return result == FrameResult::kTcp ? std::string(AsText(segment.payload)) : std::string("not TCP");
  };
  CHECK(text(gre({"\0\0\x08\0", 4}, Ipv4Bytes(TcpBytes({}, kPayload)))) == kPayload);
  CHECK(text(gre({"\0\0\x65\x58", 4}, frame)) == kPayload);
  CHECK(text(gre({"\xb0\0\x65\x58"
                  "ckecKeySeqn",
                  15},
                 frame)) != kPayload);  // a byte is missing
  CHECK(text(gre(std::string("\xb0\0\x65\x58", 4) + "csumkeyyseqn", frame)) == kPayload);
  CHECK(text(gre({"\0\0\x88\xbe", 4}, frame)) == kPayload);                                     // type I
  CHECK(text(gre(std::string("\x10\0\x88\xbe", 4) + "seqn" + "erspan22", frame)) == kPayload);  // II
  const std::string third = std::string("\x10\0\x22\xeb", 4) + "seqn" + "erspan3head";
  CHECK(text(gre(third + '\0', frame)) == kPayload);
  CHECK(text(gre(third + '\1' + "platform", frame)) == kPayload);
  CHECK(text(gre({"\0\1\x08\0", 4}, frame)) == "not TCP");  // another version
  const std::string udp = std::string("\x30\x39\x12\xb5\0\0\0\0", 8);
  const std::string vxlan = std::string("\x08\0\0\0\0\0\x2a\0", 8);
  CHECK(text(EthernetBytes(Ipv4Bytes(udp + vxlan + frame, 17))) == kPayload);
  CHECK(text(EthernetBytes(Ipv4Bytes(udp + std::string(8, '\0') + frame, 17))) == "not TCP");
  CHECK(VxlanFrame(AsBytes(vxlan)).empty());
}

TEST_CASE("what is not TCP, a fragment or broken is told apart") {
  TcpSegment segment;
  const auto parse = [&](const std::string& frame) {
    return ParseFrame(AsBytes(frame), LinkType::kEthernet, segment);
  };
  CHECK(parse(EthernetBytes(Ipv4Bytes("udp", 17))) == FrameResult::kOther);
  CHECK(parse(EthernetBytes("arp", 0x0806)) == FrameResult::kOther);
  std::string fragment = Ipv4Bytes(TcpBytes({}, kPayload));
  fragment[6] = '\x20';
  CHECK(parse(EthernetBytes(fragment)) == FrameResult::kFragment);
  std::string bad_header = Ipv4Bytes(TcpBytes({}, kPayload));
  bad_header[0] = '\x44';
  CHECK(parse(EthernetBytes(bad_header)) == FrameResult::kMalformed);
}

}  // namespace
}  // namespace shadowd::mirror
