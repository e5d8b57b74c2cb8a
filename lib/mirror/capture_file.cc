#include "mirror/capture_file.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <vector>

namespace shadowd::mirror {
namespace {

using Sink = std::function<void(const CapturedFrame&)>;

constexpr uint32_t kNextGeneration = 0x0a0d0d0aU;
constexpr size_t kClassicHeader = 24;
constexpr size_t kClassicRecord = 16;
constexpr uint32_t kInterfaceBlock = 1, kObsoletePacket = 2, kSimplePacket = 3, kEnhancedPacket = 6;
constexpr uint16_t kResolutionOption = 9;
constexpr size_t kInterfacesMax = 1024;

class Reader {
 public:
  Reader(std::string_view data, bool swap) : data_(data), swap_(swap) {}

  // The caller has checked that the field lies inside.
  uint32_t U32(size_t at) const {
    uint32_t value = 0;
    std::memcpy(&value, data_.data() + at, sizeof(value));
    return swap_ ? __builtin_bswap32(value) : value;
  }
  uint16_t U16(size_t at) const {
    uint16_t value = 0;
    std::memcpy(&value, data_.data() + at, sizeof(value));
    return swap_ ? __builtin_bswap16(value) : value;
  }
  uint8_t U8(size_t at) const { return static_cast<uint8_t>(data_[at]); }
  bool Has(size_t at, size_t size) const { return at <= data_.size() && size <= data_.size() - at; }
  Bytes Take(size_t at, size_t size) const { return AsBytes(data_.substr(at, size)); }

 private:
  std::string_view data_;
  bool swap_;
};

std::optional<LinkType> LinkOf(uint32_t type) {
  switch (type) {
    case 1:
      return LinkType::kEthernet;
    case 101:
    case 228:
    case 229:
      return LinkType::kRawIp;
    case 113:
      return LinkType::kLinuxCooked;
    default:
      return std::nullopt;
  }
}

Status ReadClassic(std::string_view file, bool swap, bool nanoseconds, const Sink& sink) {
  const Reader reader(file, swap);
  const uint32_t type = reader.U32(20) & 0xffffU;
  const std::optional<LinkType> link = LinkOf(type);
  if (!link) {
    return InvalidArgument("link type {} cannot be read (Ethernet, Linux cooked and raw IP can)", type);
  }
  size_t packets = 0;
  for (size_t at = kClassicHeader; at < file.size(); ++packets) {
    const size_t size = reader.Has(at, kClassicRecord) ? reader.U32(at + 8) : file.size();
    if (!reader.Has(at + kClassicRecord, size)) {
      return DataLoss("the file ends inside packet {}", packets + 1);
    }
    const int64_t fraction = reader.U32(at + 4) / (nanoseconds ? 1000 : 1);
    sink({MonoTime(Micros(int64_t{reader.U32(at)} * 1'000'000 + fraction)), *link,
          reader.Take(at + kClassicRecord, size)});
    at += kClassicRecord + size;
  }
  return absl::OkStatus();
}

struct Interface {
  std::optional<LinkType> link;
  uint32_t type = 0;
  double ticks_per_us = 1;
};

Interface ReadInterface(const Reader& reader, size_t at, size_t length) {
  Interface interface;
  interface.type = reader.U16(at + 8);
  interface.link = LinkOf(interface.type);
  for (size_t option = at + 16; option + 4 <= at + length - 4;) {
    const uint16_t code = reader.U16(option), size = reader.U16(option + 2);
    if (code == kResolutionOption && size == 1 && option + 5 <= at + length - 4) {
      const uint8_t digits = reader.U8(option + 4);
      double ticks = 1e-6;
      for (int i = 0; i < (digits & 0x7f); ++i) {
        ticks *= (digits & 0x80) != 0 ? 2 : 10;
      }
      interface.ticks_per_us = ticks;
    }
    if (code == 0) {
      break;
    }
    option += 4 + (size + 3U) / 4 * 4;
  }
  return interface;
}

// A block with a packet: where its interface, time and bytes are depends on its type.
Status ReadPacket(const Reader& reader, uint32_t type, size_t at, size_t length,
                  const std::vector<Interface>& interfaces, const Sink& sink) {
  const bool simple = type == kSimplePacket;
  const size_t head = simple ? 12 : 28;
  if (length < head + 4) {
    return InvalidArgument("the packet block at byte {} is too short", at);
  }
  const uint32_t index = simple ? 0 : type == kEnhancedPacket ? reader.U32(at + 8) : reader.U16(at + 8);
  const size_t said = reader.U32(at + (simple ? 8 : 20)), room = length - head - 4;
  if (index >= interfaces.size() || (!simple && said > room)) {
    return InvalidArgument("the packet block at byte {} has a bad interface or length", at);
  }
  const Interface& interface = interfaces[index];
  if (!interface.link) {
    return InvalidArgument("link type {} cannot be read (Ethernet, Linux cooked and raw IP can)",
                           interface.type);
  }
  MonoTime when;
  if (!simple) {
    const uint64_t ticks = (uint64_t{reader.U32(at + 12)} << 32) | reader.U32(at + 16);
    const double micros = static_cast<double>(ticks) / interface.ticks_per_us;
    when = MonoTime(Micros(micros < 9e18 ? static_cast<int64_t>(micros) : 0));
  }
  sink({when, *interface.link, reader.Take(at + head, std::min(said, room))});
  return absl::OkStatus();
}

Status ReadNextGeneration(std::string_view file, const Sink& sink) {
  std::vector<Interface> interfaces;
  bool swap = false;
  for (size_t at = 0; at < file.size();) {
    if (file.size() - at < 12) {
      return DataLoss("the file ends inside the block at byte {}", at);
    }
    const uint32_t type = Reader(file, swap).U32(at);
    if (type == kNextGeneration) {
      swap = Reader(file, false).U32(at + 8) != 0x1a2b3c4dU;
      interfaces.clear();
    }
    const Reader reader(file, swap);
    const size_t length = reader.U32(at + 4);
    if (length < 12 || length % 4 != 0) {
      return InvalidArgument("the block at byte {} has the length {}", at, length);
    }
    if (!reader.Has(at, length)) {
      return DataLoss("the file ends inside the block at byte {}", at);
    }
    if (type == kInterfaceBlock && length >= 20) {
      if (interfaces.size() == kInterfacesMax) {
        return InvalidArgument("more than {} interfaces", kInterfacesMax);
      }
      interfaces.push_back(ReadInterface(reader, at, length));
    } else if (type == kEnhancedPacket || type == kObsoletePacket || type == kSimplePacket) {
      SHADOWD_RETURN_IF_ERROR(ReadPacket(reader, type, at, length, interfaces, sink));
    }
    at += length;
  }
  return absl::OkStatus();
}

}  // namespace

Status ReadCapture(std::string_view file, const Sink& sink) {
  if (file.size() < kClassicHeader) {
    return InvalidArgument("too short for a capture file");
  }
  switch (Reader(file, false).U32(0)) {
    case 0xa1b2c3d4U:
      return ReadClassic(file, false, false, sink);
    case 0xd4c3b2a1U:
      return ReadClassic(file, true, false, sink);
    case 0xa1b23c4dU:
      return ReadClassic(file, false, true, sink);
    case 0x4d3cb2a1U:
      return ReadClassic(file, true, true, sink);
    case kNextGeneration:
      return ReadNextGeneration(file, sink);
    default:
      return InvalidArgument("not a capture file (pcap or pcapng)");
  }
}

}  // namespace shadowd::mirror
