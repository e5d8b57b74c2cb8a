#include "mirror/fragments.h"

#include <algorithm>
#include <iterator>

namespace shadowd::mirror {
namespace {

constexpr size_t kIpv4Header = 20;
constexpr size_t kIpv6Header = 40;
constexpr size_t kFragmentHeader = 8;
constexpr uint8_t kFragmentProtocol = 44;

void Put16(std::vector<std::byte>& bytes, size_t at, size_t value) {
  bytes[at] = static_cast<std::byte>(value >> 8 & 0xff);
  bytes[at + 1] = static_cast<std::byte>(value & 0xff);
}

}  // namespace

// Of IPv6 only what has its fragment header first; whatever comes before it is rare and stays lost.
bool Fragments::Read(Bytes packet, Piece& piece) {
  const int version = packet.empty() ? 0 : Byte(packet, 0) >> 4;
  if (version == 4 && packet.size() >= kIpv4Header) {
    const size_t header = size_t{Byte(packet, 0) & 0x0fU} * 4, total = Big16(packet, 2);
    if (header < kIpv4Header || total <= header || total > packet.size()) {
      return false;
    }
    std::transform(packet.begin() + 12, packet.begin() + 20, piece.addresses.begin(),
                   [](std::byte b) { return std::to_integer<uint8_t>(b); });
    piece.id = Big16(packet, 4);
    piece.protocol = Byte(packet, 9);
    piece.offset = size_t{Big16(packet, 6) & 0x1fffU} * 8;
    piece.more = (Big16(packet, 6) & 0x2000) != 0;
    piece.header = packet.first(header);
    piece.data = packet.subspan(header, total - header);
    return true;
  }
  if (version == 6 && packet.size() > kIpv6Header + kFragmentHeader && Byte(packet, 6) == kFragmentProtocol) {
    const size_t length = Big16(packet, 4);
    if (length <= kFragmentHeader || kIpv6Header + length > packet.size()) {
      return false;
    }
    std::transform(packet.begin() + 8, packet.begin() + 40, piece.addresses.begin(),
                   [](std::byte b) { return std::to_integer<uint8_t>(b); });
    piece.v6 = true;
    piece.protocol = Byte(packet, kIpv6Header);
    piece.offset = Big16(packet, kIpv6Header + 2) & 0xfff8U;
    piece.more = (Byte(packet, kIpv6Header + 3) & 1) != 0;
    piece.id = Big32(packet, kIpv6Header + 4);
    piece.header = packet.first(kIpv6Header);
    piece.data = packet.subspan(kIpv6Header + kFragmentHeader, length - kFragmentHeader);
    return true;
  }
  return false;
}

Bytes Fragments::Add(Bytes packet, MonoTime now) {
  Piece piece;
  if (!Read(packet, piece) || piece.offset + piece.data.size() > kPacketBytesMax) {
    ++lost_;
    return {};
  }
  Expire(now);
  const Key key{piece.v6, piece.addresses, piece.id, piece.protocol};
  auto found = packets_.find(key);
  if (found == packets_.end()) {
    if (packets_.size() == kPacketsMax) {
      Drop(std::min_element(packets_.begin(), packets_.end(), [](const auto& a, const auto& b) {
        return a.second.first_seen < b.second.first_seen;
      }));
    }
    found = packets_.try_emplace(key).first;
    found->second.first_seen = now;
  }
  Packet& parts = found->second;
  const size_t end = piece.offset + piece.data.size();
  const auto after = parts.pieces.lower_bound(piece.offset);
  if (after != parts.pieces.end() && after->first == piece.offset &&
      after->second.size() == piece.data.size()) {
    return {};  // the same once more
  }
  const bool overlaps = (after != parts.pieces.end() && after->first < end) ||
                        (after != parts.pieces.begin() &&
                         std::prev(after)->first + std::prev(after)->second.size() > piece.offset) ||
                        (parts.total > 0 && end > parts.total);
  Insert(parts, piece);
  if (overlaps) {
    Drop(found);
    return {};
  }
  if (parts.total == 0 || parts.have < parts.total || parts.header.empty()) {
    return {};
  }
  const Bytes whole = Join(parts, piece.v6);
  packets_.erase(found);
  return whole;
}

void Fragments::Insert(Packet& packet, const Piece& piece) {
  packet.pieces[piece.offset].assign(piece.data.begin(), piece.data.end());
  packet.have += piece.data.size();
  if (!piece.more) {
    packet.total = piece.offset + piece.data.size();
  }
  if (piece.offset == 0) {
    packet.header.assign(piece.header.begin(), piece.header.end());
    if (piece.v6) {
      packet.header[6] = static_cast<std::byte>(piece.protocol);
    }
  }
}

Bytes Fragments::Join(const Packet& packet, bool v6) {
  whole_ = packet.header;
  for (const auto& [offset, data] : packet.pieces) {
    whole_.insert(whole_.end(), data.begin(), data.end());
  }
  if (v6) {
    Put16(whole_, 4, packet.total);
  } else {
    // Too long for the field: 0, as segmentation offload leaves it.
    Put16(whole_, 2, whole_.size() <= kPacketBytesMax ? whole_.size() : 0);
    Put16(whole_, 6, 0);
  }
  return whole_;
}

void Fragments::Drop(std::map<Key, Packet>::iterator packet) {
  lost_ += packet->second.pieces.size();
  packets_.erase(packet);
}

void Fragments::Expire(MonoTime now) {
  for (auto packet = packets_.begin(); packet != packets_.end();) {
    const auto next = std::next(packet);
    if (now - packet->second.first_seen >= kTimeout) {
      Drop(packet);
    }
    packet = next;
  }
}

}  // namespace shadowd::mirror
