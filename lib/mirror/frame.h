// From a captured frame to the TCP segment in it: Ethernet (loopback included, whose addresses are zero),
// Linux cooked capture or raw IP, any number of VLAN tags, IPv4, IPv6 with extension headers, and IP in IP up
// to a small depth. Each read is bounds-checked. Checksums are not verified: outgoing packets carry partial
// ones before the device fills them in. Fragments are not put together. Pure; the segment's payload points
// into the frame.
#pragma once

#include <array>
#include <cstdint>

#include "mirror/bytes.h"

namespace shadowd::mirror {

enum class LinkType { kEthernet, kLinuxCooked, kRawIp };

// IPv4 addresses are kept as IPv4-mapped IPv6 ones.
using IpAddress = std::array<uint8_t, 16>;

struct FlowKey {  // one direction
  IpAddress source{};
  IpAddress destination{};
  uint16_t source_port = 0;
  uint16_t destination_port = 0;
  bool operator==(const FlowKey&) const = default;
};

struct TcpSegment {
  FlowKey key;
  uint32_t sequence = 0;
  uint32_t acknowledgement = 0;
  bool syn = false;
  bool ack = false;
  bool fin = false;
  bool rst = false;
  Bytes payload;     // as far as it was captured
  uint32_t cut = 0;  // bytes of payload that the capture left out at the end
};

enum class FrameResult {
  kTcp,
  kOther,      // well formed as far as read, but not TCP
  kFragment,   // of an IP packet; its TCP bytes are lost to us
  kMalformed,  // a length or version that cannot be
};

// Fills `segment` when the result is kTcp; it is unspecified otherwise.
FrameResult ParseFrame(Bytes frame, LinkType link, TcpSegment& segment);

}  // namespace shadowd::mirror
