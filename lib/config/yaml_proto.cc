#include "config/yaml_proto.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/duration.pb.h>
#include <google/protobuf/message.h>

#include <limits>
#include <vector>

#include "config/yaml_scalar.h"
#include "rpc/field_rules.h"

namespace shadowd::config {
namespace {

using google::protobuf::EnumDescriptor;
using google::protobuf::EnumValueDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using Kind = YamlNode::Kind;

constexpr const char* kDurationType = "google.protobuf.Duration";

std::string Join(const std::string& prefix, std::string_view name) {
  return prefix.empty() ? std::string(name) : fmt::format("{}.{}", prefix, name);
}

std::string Upper(std::string_view text) {
  std::string upper(text);
  for (char& c : upper) {
    c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  }
  return upper;
}

const char* KindName(Kind kind) {
  switch (kind) {
    case Kind::kNull:
      return "nothing";
    case Kind::kScalar:
      return "a single value";
    case Kind::kSequence:
      return "a list";
    case Kind::kMapping:
      return "a mapping";
  }
  return "";
}

// Walks one document. Errors are located where they arise; the recursion is bounded by the depth of the
// messages.
class Reader {
 public:
  explicit Reader(FieldLines* lines) : lines_(*lines) {}

  Status ReadMessage(const YamlNode& node, const std::string& path, Message* out);

 private:
  Status Error(int line, const std::string& what, const std::string& path) const {
    return WithField(YamlError(lines_.file(), line, what), path);
  }
  Status Expect(const YamlNode& node, Kind kind, const std::string& path) const;
  Status ReadField(const YamlNode& node, const FieldDescriptor* field, const std::string& path, Message* out);
  Status ReadList(const YamlNode& node, const FieldDescriptor* field, const std::string& path, Message* out);
  Status ReadMap(const YamlNode& node, const FieldDescriptor* field, const std::string& path, Message* out);
  Status ReadScalar(const YamlNode& node, const FieldDescriptor* field, const std::string& path,
                    Message* out);
  Status ReadDuration(const YamlNode& node, const std::string& path, Message* out);
  std::string KnownKeys(const Message& message) const;

  FieldLines& lines_;
};

Status Reader::Expect(const YamlNode& node, Kind kind, const std::string& path) const {
  if (node.kind != kind) {
    return Error(node.line,
                 fmt::format("{}: expected {}, not {}", path.empty() ? "the document" : path, KindName(kind),
                             KindName(node.kind)),
                 path);
  }
  return absl::OkStatus();
}

std::string Reader::KnownKeys(const Message& message) const {
  std::string keys;
  for (int i = 0; i < message.GetDescriptor()->field_count(); ++i) {
    const FieldDescriptor& field = *message.GetDescriptor()->field(i);
    if (!rpc::IsOutputOnly(field)) {
      keys += (keys.empty() ? "" : ", ") + field.name();
    }
  }
  return keys;
}

Status Reader::ReadMessage(const YamlNode& node, const std::string& path, Message* out) {
  SHADOWD_RETURN_IF_ERROR(Expect(node, Kind::kMapping, path));
  for (const YamlNode::Entry& entry : node.entries) {
    const FieldDescriptor* field = out->GetDescriptor()->FindFieldByName(entry.key);
    const std::string inner = Join(path, entry.key);
    if (field == nullptr) {
      const std::string where = path.empty() ? out->GetDescriptor()->name() : path;
      return Error(entry.line,
                   fmt::format("unknown key '{}' in {}; known keys: {}", entry.key.substr(0, 80), where,
                               KnownKeys(*out)),
                   path);
    }
    if (rpc::IsOutputOnly(*field)) {
      return Error(entry.line, fmt::format("'{}' is set by the daemon and cannot be given", inner), inner);
    }
    lines_.Set(inner, entry.line);
    if (entry.value->kind == Kind::kNull) {
      return Error(entry.line, fmt::format("{} has no value", inner), inner);
    }
    SHADOWD_RETURN_IF_ERROR(ReadField(*entry.value, field, inner, out));
  }
  return absl::OkStatus();
}

Status Reader::ReadField(const YamlNode& node, const FieldDescriptor* field, const std::string& path,
                         Message* out) {
  if (field->is_map()) {
    return ReadMap(node, field, path, out);
  }
  if (field->is_repeated()) {
    return ReadList(node, field, path, out);
  }
  if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) {
    return ReadScalar(node, field, path, out);
  }
  Message* inner = out->GetReflection()->MutableMessage(out, field);
  return field->message_type()->full_name() == kDurationType ? ReadDuration(node, path, inner)
                                                             : ReadMessage(node, path, inner);
}

Status Reader::ReadList(const YamlNode& node, const FieldDescriptor* field, const std::string& path,
                        Message* out) {
  SHADOWD_RETURN_IF_ERROR(Expect(node, Kind::kSequence, path));
  for (size_t i = 0; i < node.items.size(); ++i) {
    const std::string inner = fmt::format("{}[{}]", path, i);
    lines_.Set(inner, node.items[i]->line);
    if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      SHADOWD_RETURN_IF_ERROR(
          ReadMessage(*node.items[i], inner, out->GetReflection()->AddMessage(out, field)));
    } else {
      SHADOWD_RETURN_IF_ERROR(ReadScalar(*node.items[i], field, inner, out));
    }
  }
  return absl::OkStatus();
}

// The maps of the API go from words to words.
Status Reader::ReadMap(const YamlNode& node, const FieldDescriptor* field, const std::string& path,
                       Message* out) {
  SHADOWD_RETURN_IF_ERROR(Expect(node, Kind::kMapping, path));
  for (const YamlNode::Entry& entry : node.entries) {
    const std::string inner = fmt::format("{}[{}]", path, entry.key);
    lines_.Set(inner, entry.line);
    SHADOWD_RETURN_IF_ERROR(Expect(*entry.value, Kind::kScalar, inner));
    Message* pair = out->GetReflection()->AddMessage(out, field);
    const auto* type = field->message_type();
    pair->GetReflection()->SetString(pair, type->map_key(), entry.key);
    SHADOWD_RETURN_IF_ERROR(ReadScalar(*entry.value, type->map_value(), inner, pair));
  }
  return absl::OkStatus();
}

Status Reader::ReadDuration(const YamlNode& node, const std::string& path, Message* out) {
  SHADOWD_RETURN_IF_ERROR(Expect(node, Kind::kScalar, path));
  const auto length = ParseDuration(node.scalar);
  if (!length.ok()) {
    return Error(node.line, fmt::format("{}: {}", path, MessageOf(length.status())), path);
  }
  google::protobuf::Duration duration;
  duration.set_seconds(length->count() / 1'000'000);
  duration.set_nanos(static_cast<int32_t>(length->count() % 1'000'000) * 1'000);
  out->CopyFrom(duration);
  return absl::OkStatus();
}

StatusOr<const EnumValueDescriptor*> FindWord(const EnumDescriptor& type, const std::string& word) {
  std::string words;
  for (int i = 0; i < type.value_count(); ++i) {
    const EnumValueDescriptor* value = type.value(i);
    if (value->number() == 0) {
      continue;  // UNSPECIFIED is said by leaving the key out
    }
    if (Upper(word) == value->name()) {
      return value;
    }
    words += (words.empty() ? "" : ", ") + value->name();
  }
  return InvalidArgument("expected one of {}, not '{}'", words, word.substr(0, 80));
}

// Sets a single value, or adds it to a list.
template <typename Value, typename Set, typename Add>
Status Store(const StatusOr<Value>& value, const FieldDescriptor* field, Message* out, Set set, Add add) {
  SHADOWD_RETURN_IF_ERROR(value.status());
  const auto* reflection = out->GetReflection();
  if (field->is_repeated()) {
    (reflection->*add)(out, field, *value);
  } else {
    (reflection->*set)(out, field, *value);
  }
  return absl::OkStatus();
}

StatusOr<int32_t> ParseInt32(const std::string& text) {
  SHADOWD_ASSIGN_OR_RETURN(const int64_t value, ParseInteger(text));
  if (value < std::numeric_limits<int32_t>::min() || value > std::numeric_limits<int32_t>::max()) {
    return InvalidArgument("{} is too large", value);
  }
  return static_cast<int32_t>(value);
}

StatusOr<uint64_t> ParseUnsigned(const std::string& text, bool is_size) {
  if (is_size) {
    return ParseSize(text);
  }
  SHADOWD_ASSIGN_OR_RETURN(const int64_t value, ParseInteger(text));
  if (value < 0) {
    return InvalidArgument("{} is negative", value);
  }
  return static_cast<uint64_t>(value);
}

Status StoreScalar(const std::string& text, const FieldDescriptor* field, Message* out) {
  using google::protobuf::Reflection;
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return Store(StatusOr<std::string>(text), field, out, &Reflection::SetString, &Reflection::AddString);
    case FieldDescriptor::CPPTYPE_BOOL:
      return Store(ParseSwitch(text), field, out, &Reflection::SetBool, &Reflection::AddBool);
    case FieldDescriptor::CPPTYPE_INT32:
      return Store(ParseInt32(text), field, out, &Reflection::SetInt32, &Reflection::AddInt32);
    case FieldDescriptor::CPPTYPE_UINT64: {
      const bool is_size = field->name().find("bytes") != std::string::npos;
      return Store(ParseUnsigned(text, is_size), field, out, &Reflection::SetUInt64, &Reflection::AddUInt64);
    }
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return Store(ParseNumber(text), field, out, &Reflection::SetDouble, &Reflection::AddDouble);
    case FieldDescriptor::CPPTYPE_ENUM:
      return Store(FindWord(*field->enum_type(), text), field, out, &Reflection::SetEnum,
                   &Reflection::AddEnum);
    default:
      return Internal("field {} has a type that files cannot give", field->full_name());
  }
}

Status Reader::ReadScalar(const YamlNode& node, const FieldDescriptor* field, const std::string& path,
                          Message* out) {
  SHADOWD_RETURN_IF_ERROR(Expect(node, Kind::kScalar, path));
  if (node.quoted && field->cpp_type() != FieldDescriptor::CPPTYPE_STRING &&
      field->cpp_type() != FieldDescriptor::CPPTYPE_ENUM) {
    return Error(node.line, fmt::format("{}: a quoted text where a number or switch is expected", path),
                 path);
  }
  const Status status = StoreScalar(node.scalar, field, out);
  return status.ok() ? status : Error(node.line, fmt::format("{}: {}", path, MessageOf(status)), path);
}

}  // namespace

int FieldLines::LineOf(std::string_view path) const {
  while (!path.empty()) {
    if (const auto found = lines_.find(path); found != lines_.end()) {
      return found->second;
    }
    const size_t cut = path.find_last_of(".[");
    path = path.substr(0, cut == std::string_view::npos ? 0 : cut);
  }
  return start_;
}

Status FieldLines::Locate(const Status& status) const {
  return Annotate(status, fmt::format("{}:{}", file_, LineOf(FieldOf(status))));
}

Status YamlToProto(const YamlNode& root, Message* out, FieldLines* lines) {
  return Reader(lines).ReadMessage(root, "", out);
}

}  // namespace shadowd::config
