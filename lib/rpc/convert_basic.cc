#include "rpc/convert_basic.h"

#include <cstdint>
#include <cstdlib>

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

}  // namespace

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
