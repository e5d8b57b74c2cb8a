// Puts fragmented IP packets together (RFC 791 §3.2, RFC 8200 §4.5): mirrors that wrap frames often make them
// too long for the way. Bounded in packets, bytes and time; pieces that overlap end their packet, since
// honest senders make none. Owned by an extractor; one thread; time is an argument.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <tuple>
#include <vector>

#include "base/time.h"
#include "mirror/bytes.h"

namespace shadowd::mirror {

class Fragments {
 public:
  static constexpr size_t kPacketsMax = 64;
  static constexpr size_t kPacketBytesMax = 65535;
  static constexpr Micros kTimeout = std::chrono::seconds(5);

  // `packet` is a fragment, from its IP header on. The whole packet once the last piece has come, valid until
  // the next call; else empty.
  Bytes Add(Bytes packet, MonoTime now);
  void Expire(MonoTime now);
  uint64_t lost() const { return lost_; }  // fragments of packets that were given up, or that made no sense

 private:
  struct Piece {
    bool v6 = false;
    std::array<uint8_t, 32> addresses{};
    uint32_t id = 0;
    uint8_t protocol = 0;
    size_t offset = 0;
    bool more = false;
    Bytes header;  // of the IP packet, without the fragment header
    Bytes data;
  };
  using Key = std::tuple<bool, std::array<uint8_t, 32>, uint32_t, uint8_t>;
  struct Packet {
    MonoTime first_seen;
    std::map<size_t, std::vector<std::byte>> pieces;  // by offset
    std::vector<std::byte> header;                    // of the first piece
    size_t total = 0;                                 // bytes of data; 0 = the last piece has not come
    size_t have = 0;
  };

  static bool Read(Bytes packet, Piece& piece);
  void Insert(Packet& packet, const Piece& piece);
  Bytes Join(const Packet& packet, bool v6);
  void Drop(std::map<Key, Packet>::iterator packet);

  std::map<Key, Packet> packets_;
  std::vector<std::byte> whole_;
  uint64_t lost_ = 0;
};

}  // namespace shadowd::mirror
