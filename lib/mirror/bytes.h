// Bounds-checked reading of big-endian fields from captured bytes, and views between bytes and text. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace shadowd::mirror {

using Bytes = std::span<const std::byte>;

// The caller has checked that the field lies inside.
inline uint8_t Byte(Bytes bytes, size_t at) {
  return std::to_integer<uint8_t>(bytes[at]);
}
inline uint16_t Big16(Bytes bytes, size_t at) {
  return static_cast<uint16_t>((Byte(bytes, at) << 8) | Byte(bytes, at + 1));
}
inline uint32_t Big32(Bytes bytes, size_t at) {
  return (uint32_t{Big16(bytes, at)} << 16) | Big16(bytes, at + 2);
}

inline std::string_view AsText(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
inline Bytes AsBytes(std::string_view text) {
  return std::as_bytes(std::span(text));
}

}  // namespace shadowd::mirror
