// The outside of a journal file. A header of twelve bytes, "shadowdJ" and the format's number, then frames:
//
//   length of the body | CRC-32 of those four bytes | CRC-32 of the body | body, a v1.JournalEntry
//
// Numbers are of four bytes, little endian. The length has a check of its own, so that a damaged one is told
// from a frame that a killed daemon did not finish; a length of zero, as in a tail of zeros, fails it. CRC-32
// is zlib's. Pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace shadowd::journal {

inline constexpr std::string_view kMagic = "shadowdJ";
inline constexpr uint32_t kFormat = 1;
inline constexpr size_t kFileHeaderBytes = 12;
inline constexpr size_t kFrameHeaderBytes = 12;
inline constexpr size_t kBodyBytesMax = size_t{64} << 20;

uint32_t Crc32(std::string_view bytes);
void PutNumber(uint32_t number, std::string& out);
uint32_t GetNumber(std::string_view bytes);  // its first four

}  // namespace shadowd::journal
