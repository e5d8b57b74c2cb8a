#include "mirror/frame.h"

#include <algorithm>

namespace shadowd::mirror {
namespace {

constexpr int kMaxDepth = 4;  // of IP headers
constexpr int kMaxVlanTags = 4;
constexpr int kMaxExtensionHeaders = 8;

constexpr uint16_t kEtherIpv4 = 0x0800;
constexpr uint16_t kEtherIpv6 = 0x86dd;
constexpr uint8_t kProtocolIpv4 = 4;
constexpr uint8_t kProtocolTcp = 6;
constexpr uint8_t kProtocolUdp = 17;
constexpr uint8_t kProtocolIpv6 = 41;
constexpr uint8_t kProtocolGre = 47;

// In GRE.
constexpr uint16_t kTransparentEthernet = 0x6558;
constexpr uint16_t kErspan = 0x88be;
constexpr uint16_t kErspan3 = 0x22eb;

constexpr size_t kEtherTypeAt = 12;
constexpr size_t kCookedTypeAt = 14;
constexpr size_t kUdpHeader = 8;
constexpr size_t kVxlanHeader = 8;

// What one IP header leads to.
struct Inner {
  uint8_t protocol = 0;
  Bytes payload;
  size_t cut = 0;  // bytes that the header promised and the capture does not have
  FlowKey key;     // addresses only
};

bool IsVlan(uint16_t ether_type) {
  return ether_type == 0x8100 || ether_type == 0x88a8 || ether_type == 0x9100;
}

// Takes what the header says is there, or what there is. A promised length of 0 comes from segmentation
// offload.
void TakePayload(Bytes packet, size_t header, size_t promised, Inner& inner) {
  const size_t have = packet.size() - header;
  const size_t want = promised == 0 ? have : promised;
  inner.payload = packet.subspan(header, std::min(have, want));
  inner.cut = want > have ? want - have : 0;
}

FrameResult ParseIpv4(Bytes packet, Inner& inner) {
  if (packet.size() < 20) {
    return FrameResult::kMalformed;
  }
  const size_t header = size_t{Byte(packet, 0) & 0x0fU} * 4;
  const size_t total = Big16(packet, 2);
  if (header < 20 || header > packet.size() || (total != 0 && total < header)) {
    return FrameResult::kMalformed;
  }
  if ((Big16(packet, 6) & 0x3fff) != 0) {
    return FrameResult::kFragment;
  }
  inner.protocol = Byte(packet, 9);
  inner.key.source = inner.key.destination = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 0};
  for (size_t i = 0; i < 4; ++i) {
    inner.key.source[12 + i] = Byte(packet, 12 + i);
    inner.key.destination[12 + i] = Byte(packet, 16 + i);
  }
  if (total == header) {
    inner.payload = {};
    return FrameResult::kTcp;
  }
  TakePayload(packet, header, total == 0 ? 0 : total - header, inner);
  return FrameResult::kTcp;
}

// Hop-by-hop, routing, destination options and authentication headers are stepped over (RFC 8200 §4).
FrameResult SkipExtensions(Inner& inner) {
  for (int i = 0; i < kMaxExtensionHeaders; ++i) {
    const uint8_t protocol = inner.protocol;
    if (protocol == 44) {
      return FrameResult::kFragment;
    }
    const bool authentication = protocol == 51;
    if (protocol != 0 && protocol != 43 && protocol != 60 && !authentication) {
      return FrameResult::kTcp;
    }
    if (inner.payload.size() < 8) {
      return FrameResult::kMalformed;
    }
    const size_t units = Byte(inner.payload, 1);
    const size_t length = authentication ? (units + 2) * 4 : (units + 1) * 8;
    if (length > inner.payload.size()) {
      return FrameResult::kMalformed;
    }
    inner.protocol = Byte(inner.payload, 0);
    inner.payload = inner.payload.subspan(length);
  }
  return FrameResult::kMalformed;
}

FrameResult ParseIpv6(Bytes packet, Inner& inner) {
  if (packet.size() < 40) {
    return FrameResult::kMalformed;
  }
  inner.protocol = Byte(packet, 6);
  for (size_t i = 0; i < 16; ++i) {
    inner.key.source[i] = Byte(packet, 8 + i);
    inner.key.destination[i] = Byte(packet, 24 + i);
  }
  TakePayload(packet, 40, Big16(packet, 4), inner);
  return SkipExtensions(inner);
}

FrameResult ParseTcp(const Inner& inner, TcpSegment& segment) {
  const Bytes packet = inner.payload;
  if (packet.size() < 20) {
    return FrameResult::kMalformed;
  }
  const size_t header = size_t{Byte(packet, 12)} / 16 * 4;
  if (header < 20 || header > packet.size()) {
    return FrameResult::kMalformed;
  }
  const uint8_t flags = Byte(packet, 13);
  segment.key = inner.key;
  segment.key.source_port = Big16(packet, 0);
  segment.key.destination_port = Big16(packet, 2);
  segment.sequence = Big32(packet, 4);
  segment.acknowledgement = Big32(packet, 8);
  segment.fin = (flags & 0x01) != 0;
  segment.syn = (flags & 0x02) != 0;
  segment.rst = (flags & 0x04) != 0;
  segment.ack = (flags & 0x10) != 0;
  segment.payload = packet.subspan(header);
  segment.cut = static_cast<uint32_t>(inner.cut);
  return FrameResult::kTcp;
}

FrameResult ParseEthernet(Bytes frame, size_t ether_type_at, int depth, TcpSegment& segment);
FrameResult ParseIp(Bytes packet, int depth, TcpSegment& segment);

// ERSPAN without a sequence number is type I, which has no header of its own; with one it is type II.
FrameResult ParseGre(Bytes packet, int depth, TcpSegment& segment) {
  if (packet.size() < 4) {
    return FrameResult::kMalformed;
  }
  const uint16_t flags = Big16(packet, 0), protocol = Big16(packet, 2);
  if ((flags & 0x0007) != 0) {
    return FrameResult::kOther;  // another version
  }
  const bool checksum = (flags & 0x8000) != 0, key = (flags & 0x2000) != 0, sequence = (flags & 0x1000) != 0;
  size_t header = size_t{4} + (checksum ? 4 : 0) + (key ? 4 : 0) + (sequence ? 4 : 0);
  if (protocol == kErspan) {
    header += sequence ? 8 : 0;
  } else if (protocol == kErspan3) {
    const bool platform = packet.size() >= header + 12 && (Byte(packet, header + 11) & 0x01) != 0;
    header += platform ? 20 : 12;
  }
  if (packet.size() < header) {
    return FrameResult::kMalformed;
  }
  const Bytes inner = packet.subspan(header);
  switch (protocol) {
    case kEtherIpv4:
    case kEtherIpv6:
      return ParseIp(inner, depth, segment);
    case kTransparentEthernet:
    case kErspan:
    case kErspan3:
      return ParseEthernet(inner, kEtherTypeAt, depth, segment);
    default:
      return FrameResult::kOther;
  }
}

FrameResult ParseUdp(Bytes packet, int depth, TcpSegment& segment) {
  if (packet.size() < kUdpHeader || Big16(packet, 2) != kVxlanPort) {
    return FrameResult::kOther;
  }
  const Bytes frame = VxlanFrame(packet.subspan(kUdpHeader));
  return frame.empty() ? FrameResult::kOther : ParseEthernet(frame, kEtherTypeAt, depth, segment);
}

FrameResult ParseIp(Bytes packet, int depth, TcpSegment& segment) {
  if (depth == kMaxDepth) {
    return FrameResult::kOther;
  }
  if (packet.empty()) {
    return FrameResult::kMalformed;
  }
  Inner inner;
  const int version = Byte(packet, 0) >> 4;
  const FrameResult result = version == 4   ? ParseIpv4(packet, inner)
                             : version == 6 ? ParseIpv6(packet, inner)
                                            : FrameResult::kMalformed;
  if (result == FrameResult::kFragment) {
    segment.payload = packet;
  }
  if (result != FrameResult::kTcp) {
    return result;
  }
  switch (inner.protocol) {
    case kProtocolTcp:
      return ParseTcp(inner, segment);
    case kProtocolIpv4:
    case kProtocolIpv6:
      return ParseIp(inner.payload, depth + 1, segment);
    case kProtocolGre:
      return ParseGre(inner.payload, depth + 1, segment);
    case kProtocolUdp:
      return ParseUdp(inner.payload, depth + 1, segment);
    default:
      return FrameResult::kOther;
  }
}

FrameResult ParseEthernet(Bytes frame, size_t ether_type_at, int depth, TcpSegment& segment) {
  size_t at = ether_type_at;
  for (int tags = 0; tags <= kMaxVlanTags; ++tags) {
    if (frame.size() < at + 2) {
      return FrameResult::kMalformed;
    }
    const uint16_t ether_type = Big16(frame, at);
    if (ether_type == kEtherIpv4 || ether_type == kEtherIpv6) {
      return ParseIp(frame.subspan(at + 2), depth, segment);
    }
    if (!IsVlan(ether_type)) {
      return FrameResult::kOther;
    }
    at += 4;
  }
  return FrameResult::kMalformed;
}

}  // namespace

FrameResult ParseFrame(Bytes frame, LinkType link, TcpSegment& segment) {
  if (link == LinkType::kRawIp) {
    return ParseIp(frame, 0, segment);
  }
  return ParseEthernet(frame, link == LinkType::kEthernet ? kEtherTypeAt : kCookedTypeAt, 0, segment);
}

Bytes VxlanFrame(Bytes datagram) {
  constexpr uint8_t kHasNetwork = 0x08;
  if (datagram.size() <= kVxlanHeader || (Byte(datagram, 0) & kHasNetwork) == 0) {
    return {};
  }
  return datagram.subspan(kVxlanHeader);
}

}  // namespace shadowd::mirror
