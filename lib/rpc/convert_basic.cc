#include "rpc/convert_basic.h"

#include <cstdint>

namespace shadowd::rpc {
namespace {

constexpr int64_t kMicrosPerSecond = 1'000'000;
constexpr int32_t kNanosPerMicro = 1'000;
constexpr int32_t kNanosPerSecond = 1'000'000'000;

Status TooLarge() {
  return WithReason(InvalidArgument("the time does not fit into microseconds of 64 bits"), "OUT_OF_RANGE");
}

// Overflow is checked on the way: the widest values come from the outside.
StatusOr<int64_t> Combine(int64_t seconds, int64_t micros) {
  if (seconds < 0 && micros > 0) {  // towards zero first, so that the smallest value does not overflow midway
    ++seconds;
    micros -= kMicrosPerSecond;
  }
  int64_t result = 0;
  if (__builtin_mul_overflow(seconds, kMicrosPerSecond, &result) ||
      __builtin_add_overflow(result, micros, &result)) {
    return TooLarge();
  }
  return result;
}

unsigned char Byte(const std::string& text, size_t at) {
  return at < text.size() ? static_cast<unsigned char>(text[at]) : 0;
}

// Length of the well-formed sequence at `at` (Unicode 15, table 3-7), 0 where there is none.
size_t SequenceAt(const std::string& text, size_t at) {
  const unsigned char lead = Byte(text, at);
  if (lead < 0x80) {
    return 1;
  }
  const size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4) {
    return 0;
  }
  const unsigned char second_low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
  const unsigned char second_high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
  if (Byte(text, at + 1) < second_low || Byte(text, at + 1) > second_high) {
    return 0;
  }
  for (size_t i = 2; i < length; ++i) {
    if ((Byte(text, at + i) & 0xc0) != 0x80) {
      return 0;
    }
  }
  return length;
}

}  // namespace

std::string Utf8(const std::string& text) {
  std::string valid;
  valid.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    const size_t length = SequenceAt(text, at);
    length == 0 ? valid.push_back('?') : static_cast<void>(valid.append(text, at, length));
    at += length == 0 ? 1 : length;
  }
  return valid;
}

void ToProto(Micros length, google::protobuf::Duration* out) {
  out->set_seconds(length.count() / kMicrosPerSecond);
  out->set_nanos(static_cast<int32_t>(length.count() % kMicrosPerSecond) * kNanosPerMicro);
}

void ToProto(WallTime at, google::protobuf::Timestamp* out) {
  int64_t seconds = ToMicros(at) / kMicrosPerSecond;
  int64_t micros = ToMicros(at) % kMicrosPerSecond;
  if (micros < 0) {  // a Timestamp counts its nanoseconds forwards
    --seconds;
    micros += kMicrosPerSecond;
  }
  out->set_seconds(seconds);
  out->set_nanos(static_cast<int32_t>(micros) * kNanosPerMicro);
}

StatusOr<Micros> FromProto(const google::protobuf::Duration& in) {
  const bool signs_differ = (in.seconds() > 0 && in.nanos() < 0) || (in.seconds() < 0 && in.nanos() > 0);
  if (signs_differ || in.nanos() <= -kNanosPerSecond || in.nanos() >= kNanosPerSecond) {
    return WithReason(InvalidArgument("malformed duration: {} s and {} ns", in.seconds(), in.nanos()),
                      "MALFORMED_TIME");
  }
  SHADOWD_ASSIGN_OR_RETURN(const int64_t micros, Combine(in.seconds(), in.nanos() / kNanosPerMicro));
  return Micros(micros);
}

StatusOr<WallTime> FromProto(const google::protobuf::Timestamp& in) {
  if (in.nanos() < 0 || in.nanos() >= kNanosPerSecond) {
    return WithReason(InvalidArgument("malformed timestamp: {} ns", in.nanos()), "MALFORMED_TIME");
  }
  SHADOWD_ASSIGN_OR_RETURN(const int64_t micros, Combine(in.seconds(), in.nanos() / kNanosPerMicro));
  return WallFromMicros(micros);
}

Status InsideField(const Status& status, std::string_view field) {
  if (status.ok()) {
    return status;
  }
  const std::string inner = FieldOf(status);
  if (inner.empty()) {
    return WithField(Annotate(status, field), field);
  }
  const char* separator = inner.front() == '[' ? "" : ".";
  return WithField(status, fmt::format("{}{}{}", field, separator, inner));
}

}  // namespace shadowd::rpc
