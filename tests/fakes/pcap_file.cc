#include "fakes/pcap_file.h"

#include <bit>
#include <cstring>
#include <fstream>
#include <iterator>
#include <optional>
#include <span>

namespace shadowd::fakes {
namespace {

class Reader {
 public:
  Reader(const std::string& data, bool swap) : data_(data), swap_(swap) {}

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
  bool Has(size_t at, size_t size) const { return at <= data_.size() && size <= data_.size() - at; }
  std::vector<std::byte> Take(size_t at, size_t size) const {
    const auto bytes = std::as_bytes(std::span(data_)).subspan(at, size);
    return {bytes.begin(), bytes.end()};
  }

 private:
  const std::string& data_;
  bool swap_;
};

std::optional<mirror::LinkType> LinkOf(uint32_t type) {
  switch (type) {
    case 1:
      return mirror::LinkType::kEthernet;
    case 101:
      return mirror::LinkType::kRawIp;
    case 113:
      return mirror::LinkType::kLinuxCooked;
    default:
      return std::nullopt;
  }
}

StatusOr<std::vector<CapturedPacket>> ReadClassic(const std::string& data, bool swap, bool nanoseconds) {
  const Reader reader(data, swap);
  const std::optional<mirror::LinkType> link = LinkOf(reader.U32(20));
  if (!link) {
    return InvalidArgument("link type {} is not supported", reader.U32(20));
  }
  std::vector<CapturedPacket> packets;
  for (size_t at = 24; reader.Has(at, 16);) {
    const size_t size = reader.U32(at + 8);
    if (!reader.Has(at + 16, size)) {
      return DataLoss("the file ends inside packet {}", packets.size() + 1);
    }
    const int64_t fraction = reader.U32(at + 4) / (nanoseconds ? 1000 : 1);
    const MonoTime when(Micros(int64_t{reader.U32(at)} * 1'000'000 + fraction));
    packets.push_back({when, *link, reader.Take(at + 16, size)});
    at += 16 + size;
  }
  return packets;
}

StatusOr<std::vector<CapturedPacket>> ReadNextGeneration(const std::string& data) {
  std::vector<CapturedPacket> packets;
  std::vector<std::optional<mirror::LinkType>> links;
  bool swap = false;
  for (size_t at = 0; at + 12 <= data.size();) {
    uint32_t type = Reader(data, swap).U32(at);
    if (type == 0x0a0d0d0aU) {
      swap = Reader(data, false).U32(at + 8) != 0x1a2b3c4dU;
      links.clear();
    }
    const Reader reader(data, swap);
    const size_t length = reader.U32(at + 4);
    if (length < 12 || !reader.Has(at, length)) {
      return DataLoss("a block at byte {} has a bad length", at);
    }
    if (type == 1) {
      links.push_back(LinkOf(reader.U16(at + 8)));
    } else if (type == 6 || type == 2) {
      const uint32_t interface = type == 6 ? reader.U32(at + 8) : reader.U16(at + 8);
      const size_t size = reader.U32(at + 20);
      if (interface >= links.size() || !links[interface] || 28 + size > length) {
        return InvalidArgument("packet {} has a bad interface or length", packets.size() + 1);
      }
      const uint64_t ticks = (uint64_t{reader.U32(at + 12)} << 32) | reader.U32(at + 16);
      packets.push_back(
          {MonoTime(Micros(static_cast<int64_t>(ticks))), *links[interface], reader.Take(at + 28, size)});
    }
    at += length;
  }
  return packets;
}

}  // namespace

StatusOr<std::vector<CapturedPacket>> ReadPcapFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string data{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (!file || data.size() < 24) {
    return NotFound("{}: cannot be read, or too short", path);
  }
  switch (Reader(data, false).U32(0)) {
    case 0xa1b2c3d4U:
      return ReadClassic(data, false, false);
    case 0xd4c3b2a1U:
      return ReadClassic(data, true, false);
    case 0xa1b23c4dU:
      return ReadClassic(data, false, true);
    case 0x4d3cb2a1U:
      return ReadClassic(data, true, true);
    case 0x0a0d0d0aU:
      return ReadNextGeneration(data);
    default:
      return InvalidArgument("{}: not a capture file", path);
  }
}

}  // namespace shadowd::fakes
