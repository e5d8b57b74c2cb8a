// Builds frames and segments for tests of the tap's parsers, and collects what the extractor finds in them.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "mirror/extractor.h"

namespace shadowd::fakes {

inline void PutBig16(std::string& out, unsigned value) {
  out += static_cast<char>(value >> 8 & 0xff);
  out += static_cast<char>(value & 0xff);
}
inline void PutBig32(std::string& out, uint32_t value) {
  PutBig16(out, value >> 16);
  PutBig16(out, value & 0xffff);
}

struct TcpOptions {
  uint16_t source_port = 40000;
  uint16_t destination_port = 80;
  uint32_t sequence = 1000;
  uint32_t acknowledgement = 0;
  uint8_t flags = 0x10;
};

inline std::string TcpBytes(const TcpOptions& tcp, std::string_view payload) {
  std::string out;
  PutBig16(out, tcp.source_port);
  PutBig16(out, tcp.destination_port);
  PutBig32(out, tcp.sequence);
  PutBig32(out, tcp.acknowledgement);
  out += static_cast<char>(0x50);
  out += static_cast<char>(tcp.flags);
  out.append(6, '\0');
  return out.append(payload);
}

inline std::string Ipv4Bytes(std::string_view payload, uint8_t protocol = 6) {
  std::string out("\x45\x00", 2);
  PutBig16(out, static_cast<unsigned>(20 + payload.size()));
  out.append(4, '\0');
  out += '\x40';
  out += static_cast<char>(protocol);
  out.append(2, '\0');
  PutBig32(out, 0x7f000001);
  PutBig32(out, 0x7f000002);
  return out.append(payload);
}

inline std::string Ipv6Bytes(std::string_view payload, uint8_t next = 6) {
  std::string out("\x60\x00\x00\x00", 4);
  PutBig16(out, static_cast<unsigned>(payload.size()));
  out += static_cast<char>(next);
  out += '\x40';
  out.append(15, '\0').append("\x01").append(15, '\0').append("\x02");
  return out.append(payload);
}

inline std::string EthernetBytes(std::string_view payload, unsigned ether_type = 0x0800) {
  std::string out(12, '\0');
  PutBig16(out, ether_type);
  return out.append(payload);
}

// What was found, as text.
class CollectingSink : public mirror::RequestSink {
 public:
  bool WantsBody(const mirror::MirroredRequest&) override { return true; }
  void OnRequest(const mirror::MirroredRequest& request, uint64_t key) override {
    ++methods[std::string(request.method)];
    lines.push_back(std::string(request.method) + " " + std::string(request.target));
    bodies.emplace_back(request.body);
    keys.push_back(key);
  }

  std::map<std::string, int> methods;
  std::vector<std::string> lines;
  std::vector<std::string> bodies;
  std::vector<uint64_t> keys;
};

}  // namespace shadowd::fakes
