// From a captured frame to the TCP segment in it: Ethernet (loopback included, whose addresses are zero),
// Linux cooked capture or raw IP, VLAN tags, IPv4, IPv6 with extension headers, and up to a small depth what
// mirrors wrap frames in: IP in IP, GRE (RFC 2784, 2890) with IP or Ethernet, ERSPAN I to III, and VXLAN
// (RFC 7348) on its port. Each read is bounds-checked. Checksums are not verified: outgoing packets carry
// partial ones before the device fills them in. Fragments are for fragments.h. Pure; the segment's payload
// points into the frame.
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
  kFragment,   // of an IP packet, which `segment.payload` then is
  kMalformed,  // a length or version that cannot be
};

inline constexpr uint16_t kVxlanPort = 4789;

// Fills `segment` when the result is kTcp, its payload when it is kFragment; it is unspecified otherwise.
FrameResult ParseFrame(Bytes frame, LinkType link, TcpSegment& segment);

// The Ethernet frame in a VXLAN datagram; empty when it is none.
Bytes VxlanFrame(Bytes datagram);

}  // namespace shadowd::mirror
