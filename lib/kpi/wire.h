// The protocol buffers wire format, as far as telemetry needs it: fields one after the other, without copies.
// The bytes must outlive what is read. Malformed bytes end the reading with ok() false. Value type, single
// thread.
#pragma once

#include <bit>
#include <cstdint>
#include <string_view>

namespace shadowd::kpi {

class WireReader {
 public:
  explicit WireReader(std::string_view bytes) : at_(bytes.data()), end_(bytes.data() + bytes.size()) {}

  // Moves on to the next field; false at the end, and for malformed bytes. A field whose value is not asked
  // for is skipped.
  bool Next();
  bool ok() const { return ok_; }
  bool empty() const { return at_ == end_; }

  uint32_t field() const { return field_; }
  enum class Type { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };
  Type type() const { return type_; }

  // Of the present field; zero or empty where it is of another type.
  uint64_t varint() const { return type_ == Type::kVarint ? number_ : 0; }
  uint64_t fixed64() const { return type_ == Type::kFixed64 ? number_ : 0; }
  double real() const { return std::bit_cast<double>(fixed64()); }
  std::string_view bytes() const { return type_ == Type::kBytes ? bytes_ : std::string_view(); }
  // sint32 and sint64
  int64_t zigzag() const { return static_cast<int64_t>(varint() >> 1) ^ -static_cast<int64_t>(varint() & 1); }

  // The next number of a packed field; false at the end.
  bool NextVarint(uint64_t* value);
  bool NextFixed64(uint64_t* value);

 private:
  bool Fail() {
    ok_ = false;
    at_ = end_;
    return false;
  }

  const char* at_;
  const char* end_;
  bool ok_ = true;
  uint32_t field_ = 0;
  Type type_ = Type::kVarint;
  uint64_t number_ = 0;
  std::string_view bytes_;
};

}  // namespace shadowd::kpi
