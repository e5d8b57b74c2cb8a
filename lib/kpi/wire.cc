#include "kpi/wire.h"

#include <cstring>

namespace shadowd::kpi {
namespace {

constexpr int kVarintBytes = 10;

uint64_t LittleEndian(const char* at, int bytes) {
  uint64_t value = 0;
  for (int i = bytes - 1; i >= 0; --i) {
    value = value << 8 | static_cast<unsigned char>(at[i]);
  }
  return value;
}

}  // namespace

bool WireReader::NextVarint(uint64_t* value) {
  if (at_ == end_) {
    return false;
  }
  uint64_t result = 0;
  for (int i = 0; i < kVarintBytes && at_ != end_; ++i) {
    const auto byte = static_cast<unsigned char>(*at_++);
    result |= static_cast<uint64_t>(byte & 0x7f) << (7 * i);
    if (byte < 0x80) {
      *value = result;
      return true;
    }
  }
  return Fail();
}

bool WireReader::NextFixed64(uint64_t* value) {
  if (at_ == end_) {
    return false;
  }
  if (end_ - at_ < 8) {
    return Fail();
  }
  *value = LittleEndian(at_, 8);
  at_ += 8;
  return true;
}

bool WireReader::Next() {
  uint64_t tag = 0;
  if (!NextVarint(&tag)) {
    return false;
  }
  field_ = static_cast<uint32_t>(tag >> 3);
  type_ = static_cast<Type>(tag & 7);
  if (field_ == 0 || tag > UINT32_MAX) {
    return Fail();
  }
  switch (type_) {
    case Type::kVarint:
      return NextVarint(&number_) || Fail();
    case Type::kFixed64:
      return NextFixed64(&number_) || Fail();
    case Type::kFixed32:
      if (end_ - at_ < 4) {
        return Fail();
      }
      number_ = LittleEndian(at_, 4);
      at_ += 4;
      return true;
    case Type::kBytes: {
      uint64_t length = 0;
      if (!NextVarint(&length) || length > static_cast<uint64_t>(end_ - at_)) {
        return Fail();
      }
      bytes_ = std::string_view(at_, static_cast<size_t>(length));
      at_ += length;
      return true;
    }
  }
  return Fail();  // groups, and what does not exist
}

}  // namespace shadowd::kpi
