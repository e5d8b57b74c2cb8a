// The conversions that all others are made of: times, lengths and enumerators. For the .cc files of this
// folder and of config. Pure functions, any thread.
//
// An enumerator of the API is the domain's plus one (zero is UNSPECIFIED); a test compares the names of all.
#pragma once

#include <google/protobuf/duration.pb.h>
#include <google/protobuf/generated_enum_reflection.h>
#include <google/protobuf/timestamp.pb.h>

#include <string>
#include <string_view>

#include "base/status.h"
#include "base/time.h"

namespace shadowd::rpc {

void ToProto(Micros length, google::protobuf::Duration* out);
void ToProto(WallTime at, google::protobuf::Timestamp* out);
// Parts below a microsecond are cut off. INVALID_ARGUMENT where the value is malformed or does not fit.
StatusOr<Micros> FromProto(const google::protobuf::Duration& in);
StatusOr<WallTime> FromProto(const google::protobuf::Timestamp& in);

// The Unix epoch stands for "not yet" in the domain and for an absent Timestamp in the API.
#define SHADOWD_SET_TIME(out, field, at)       \
  do {                                         \
    if ((at) != WallTime()) {                  \
      ToProto((at), (out)->mutable_##field()); \
    }                                          \
  } while (false)

// An absent Timestamp or Duration leaves the default of the target.
#define SHADOWD_READ_OPTIONAL(in, field, target)    \
  do {                                              \
    if ((in).has_##field()) {                       \
      auto read_ = FromProto((in).field());         \
      if (!read_.ok()) {                            \
        return InsideField(read_.status(), #field); \
      }                                             \
      (target) = *std::move(read_);                 \
    }                                               \
  } while (false)

// The text with what is not UTF-8 replaced by '?': a message with such bytes could be written but not read
// again. For texts that may quote a process, a peer or a file.
std::string Utf8(const std::string& text);

// Puts a field in front of the path that an error already names: "min" inside "bounds" is "bounds.min".
Status InsideField(const Status& status, std::string_view field);

template <typename Proto, typename Model>
Proto EnumToProto(Model value) {
  return static_cast<Proto>(static_cast<int>(value) + 1);
}

// UNSPECIFIED leaves the default of the target; a number that this version does not know is an error.
template <typename Proto, typename Model>
Status ReadEnum(Proto value, std::string_view field, Model& target) {
  const int number = static_cast<int>(value);
  const auto* descriptor = google::protobuf::GetEnumDescriptor<Proto>();
  if (descriptor->FindValueByNumber(number) == nullptr) {
    return WithField(
        WithReason(InvalidArgument("{}: {} is not a value of {}", field, number, descriptor->name()),
                   "UNKNOWN_ENUM_VALUE"),
        field);
  }
  if (number != 0) {
    target = static_cast<Model>(number - 1);
  }
  return absl::OkStatus();
}

}  // namespace shadowd::rpc
