#include <google/protobuf/descriptor.h>
#include <google/protobuf/duration.pb.h>
#include <google/protobuf/message.h>
#include <google/protobuf/timestamp.pb.h>
#include <google/protobuf/util/time_util.h>
#include <yaml-cpp/emitter.h>

#include <algorithm>
#include <vector>

#include "config/yaml_proto.h"
#include "config/yaml_scalar.h"
#include "rpc/convert_basic.h"

namespace shadowd::config {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

void Emit(const Message& message, YAML::Emitter& out);

// A text that would read as something else is quoted by the emitter; numbers in words are not, and need it.
void EmitText(const std::string& text, YAML::Emitter& out) {
  const bool plain = !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '/' || c == '_' || c == '-' || c == '.' ||
           (c >= '0' && c <= '9');
  });
  const bool word =
      plain && ((text[0] >= 'a' && text[0] <= 'z') || (text[0] >= 'A' && text[0] <= 'Z') || text[0] == '/');
  const bool keyword =
      text == "true" || text == "false" || text == "null" || text == "Null" || text == "NULL";
  if (word && !keyword) {
    out << text;
  } else {
    out << YAML::DoubleQuoted << text;
  }
}

void EmitMessageValue(const Message& value, YAML::Emitter& out) {
  const std::string& type = value.GetDescriptor()->full_name();
  if (type == "google.protobuf.Duration") {
    google::protobuf::Duration duration;
    duration.CopyFrom(value);
    out << FormatDuration(rpc::FromProto(duration).value_or(Micros::max()));
  } else if (type == "google.protobuf.Timestamp") {
    google::protobuf::Timestamp at;
    at.CopyFrom(value);
    out << google::protobuf::util::TimeUtil::ToString(at);
  } else {
    Emit(value, out);
  }
}

// One value, of a list where index >= 0.
void EmitValue(const Message& message, const FieldDescriptor* field, int index, YAML::Emitter& out) {
  const auto* reflection = message.GetReflection();
  const bool many = index >= 0;
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return EmitText(
          many ? reflection->GetRepeatedString(message, field, index) : reflection->GetString(message, field),
          out);
    case FieldDescriptor::CPPTYPE_BOOL:
      out << (many ? reflection->GetRepeatedBool(message, field, index)
                   : reflection->GetBool(message, field));
      return;
    case FieldDescriptor::CPPTYPE_INT32:
      out << (many ? reflection->GetRepeatedInt32(message, field, index)
                   : reflection->GetInt32(message, field));
      return;
    case FieldDescriptor::CPPTYPE_INT64:
      out << (many ? reflection->GetRepeatedInt64(message, field, index)
                   : reflection->GetInt64(message, field));
      return;
    case FieldDescriptor::CPPTYPE_UINT32:
      out << (many ? reflection->GetRepeatedUInt32(message, field, index)
                   : reflection->GetUInt32(message, field));
      return;
    case FieldDescriptor::CPPTYPE_UINT64:
      out << (many ? reflection->GetRepeatedUInt64(message, field, index)
                   : reflection->GetUInt64(message, field));
      return;
    case FieldDescriptor::CPPTYPE_DOUBLE:
      out << fmt::format("{}", many ? reflection->GetRepeatedDouble(message, field, index)
                                    : reflection->GetDouble(message, field));
      return;
    case FieldDescriptor::CPPTYPE_ENUM:
      out << (many ? reflection->GetRepeatedEnum(message, field, index) : reflection->GetEnum(message, field))
                 ->name();
      return;
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return EmitMessageValue(many ? reflection->GetRepeatedMessage(message, field, index)
                                   : reflection->GetMessage(message, field),
                              out);
    default:
      out << YAML::Null;
  }
}

// By key, so that the same message always gives the same text.
void EmitMap(const Message& message, const FieldDescriptor* field, YAML::Emitter& out) {
  const auto* reflection = message.GetReflection();
  std::vector<const Message*> pairs;
  for (int i = 0; i < reflection->FieldSize(message, field); ++i) {
    pairs.push_back(&reflection->GetRepeatedMessage(message, field, i));
  }
  const auto* key = field->message_type()->map_key();
  const auto key_of = [key](const Message* pair) { return pair->GetReflection()->GetString(*pair, key); };
  std::sort(pairs.begin(), pairs.end(), [&](auto* a, auto* b) { return key_of(a) < key_of(b); });
  out << YAML::BeginMap;
  for (const Message* pair : pairs) {
    out << YAML::Key;
    EmitText(key_of(pair), out);
    out << YAML::Value;
    EmitValue(*pair, field->message_type()->map_value(), -1, out);
  }
  out << YAML::EndMap;
}

void EmitList(const Message& message, const FieldDescriptor* field, YAML::Emitter& out) {
  const bool flow = field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE;
  out << (flow ? YAML::Flow : YAML::Block) << YAML::BeginSeq;
  for (int i = 0; i < message.GetReflection()->FieldSize(message, field); ++i) {
    EmitValue(message, field, i, out);
  }
  out << YAML::EndSeq;
}

void Emit(const Message& message, YAML::Emitter& out) {
  std::vector<const FieldDescriptor*> fields;
  message.GetReflection()->ListFields(message, &fields);
  out << YAML::BeginMap;
  for (const FieldDescriptor* field : fields) {
    out << YAML::Key << field->name() << YAML::Value;
    if (field->is_map()) {
      EmitMap(message, field, out);
    } else if (field->is_repeated()) {
      EmitList(message, field, out);
    } else {
      EmitValue(message, field, -1, out);
    }
  }
  out << YAML::EndMap;
}

}  // namespace

std::string ToYaml(const Message& message) {
  YAML::Emitter out;
  Emit(message, out);
  return std::string(out.c_str()) + "\n";
}

}  // namespace shadowd::config
