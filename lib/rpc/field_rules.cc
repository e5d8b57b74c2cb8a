#include "rpc/field_rules.h"

#include <google/protobuf/field_mask.pb.h>
#include <google/protobuf/message.h>

#include <memory>
#include <string_view>

#include "shadowd/v1/options.pb.h"

namespace shadowd::rpc {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::FieldMask;
using google::protobuf::Message;

constexpr const char* kUpdateMask = "update_mask";
constexpr size_t kMaskPathsMax = 1000;

bool Has(const FieldDescriptor& field, v1::FieldBehavior behavior) {
  const auto& options = field.options();
  for (int i = 0; i < options.ExtensionSize(v1::behavior); ++i) {
    if (options.GetExtension(v1::behavior, i) == behavior) {
      return true;
    }
  }
  return false;
}

// Well-known types (Duration ...) are values: their insides have no behaviours.
bool IsOurMessage(const FieldDescriptor& field) {
  return field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE && !field.is_map() &&
         field.message_type()->file()->package() != "google.protobuf";
}

bool IsPopulated(const Message& message, const FieldDescriptor& field) {
  const auto* reflection = message.GetReflection();
  return field.is_repeated() ? reflection->FieldSize(message, &field) > 0
                             : reflection->HasField(message, &field);
}

std::string Join(const std::string& prefix, std::string_view name) {
  return prefix.empty() ? std::string(name) : fmt::format("{}.{}", prefix, name);
}

Status Missing(const std::string& path) {
  return WithField(WithReason(InvalidArgument("{} is required", path), "REQUIRED_FIELD_MISSING"), path);
}

Status CheckRequiredIn(const Message& message, const std::string& prefix);

Status CheckInside(const Message& message, const FieldDescriptor& field, const std::string& path) {
  const auto* reflection = message.GetReflection();
  if (!field.is_repeated()) {
    return CheckRequiredIn(reflection->GetMessage(message, &field), path);
  }
  for (int i = 0; i < reflection->FieldSize(message, &field); ++i) {
    SHADOWD_RETURN_IF_ERROR(
        CheckRequiredIn(reflection->GetRepeatedMessage(message, &field, i), fmt::format("{}[{}]", path, i)));
  }
  return absl::OkStatus();
}

Status CheckRequiredIn(const Message& message, const std::string& prefix) {
  const auto* descriptor = message.GetDescriptor();
  for (int i = 0; i < descriptor->field_count(); ++i) {
    const FieldDescriptor& field = *descriptor->field(i);
    if (Has(field, v1::OUTPUT_ONLY)) {
      continue;
    }
    const bool populated = IsPopulated(message, field);
    if (!populated && Has(field, v1::REQUIRED)) {
      return Missing(Join(prefix, field.name()));
    }
    if (populated && IsOurMessage(field)) {
      SHADOWD_RETURN_IF_ERROR(CheckInside(message, field, Join(prefix, field.name())));
    }
  }
  return absl::OkStatus();
}

// Of a request with a mask: its own required fields, and the name of the partial resource in it.
Status CheckRequiredOfUpdate(const Message& request) {
  const auto* descriptor = request.GetDescriptor();
  for (int i = 0; i < descriptor->field_count(); ++i) {
    const FieldDescriptor& field = *descriptor->field(i);
    if (!Has(field, v1::REQUIRED)) {
      continue;
    }
    if (!IsPopulated(request, field)) {
      return Missing(field.name());
    }
    if (!IsOurMessage(field)) {
      continue;
    }
    const Message& resource = request.GetReflection()->GetMessage(request, &field);
    for (int k = 0; k < resource.GetDescriptor()->field_count(); ++k) {
      const FieldDescriptor& inner = *resource.GetDescriptor()->field(k);
      if (Has(inner, v1::IDENTIFIER) && !IsPopulated(resource, inner)) {
        return Missing(Join(field.name(), inner.name()));
      }
    }
  }
  return absl::OkStatus();
}

void AddPopulated(const Message& message, const std::string& prefix, std::vector<std::string>& paths) {
  std::vector<const FieldDescriptor*> fields;
  message.GetReflection()->ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    if (Has(*field, v1::OUTPUT_ONLY) || Has(*field, v1::IDENTIFIER)) {
      continue;
    }
    const std::string path = Join(prefix, field->name());
    if (IsOurMessage(*field) && !field->is_repeated()) {
      AddPopulated(message.GetReflection()->GetMessage(message, field), path, paths);
    } else {
      paths.push_back(path);
    }
  }
}

// One path of a mask as the fields it goes through, outermost first.
struct MaskPath {
  std::vector<const FieldDescriptor*> fields;
  bool output_only = false;
};

Status MaskError(const char* reason, const std::string& message) {
  return WithField(WithReason(InvalidArgument("{}: {}", kUpdateMask, message), reason), kUpdateMask);
}

StatusOr<MaskPath> Resolve(const google::protobuf::Descriptor& type, const std::string& path) {
  const auto unknown = [&] {
    return MaskError("UNKNOWN_MASK_PATH", fmt::format("'{}' is not a field of {}", path, type.name()));
  };
  MaskPath resolved;
  const google::protobuf::Descriptor* descriptor = &type;
  std::string_view rest = path;
  while (true) {
    const size_t dot = rest.find('.');
    const FieldDescriptor* field =
        descriptor == nullptr ? nullptr : descriptor->FindFieldByName(std::string(rest.substr(0, dot)));
    if (field == nullptr) {
      return unknown();
    }
    if (Has(*field, v1::IMMUTABLE) || Has(*field, v1::IDENTIFIER)) {
      return MaskError("IMMUTABLE_FIELD", fmt::format("'{}' cannot be changed", path));
    }
    resolved.output_only = resolved.output_only || Has(*field, v1::OUTPUT_ONLY);
    resolved.fields.push_back(field);
    if (dot == std::string_view::npos) {
      return resolved;
    }
    descriptor = IsOurMessage(*field) && !field->is_repeated() ? field->message_type() : nullptr;
    rest.remove_prefix(dot + 1);
  }
}

// Takes one field from `source` (which may lack it) to `target`.
void TakeField(const Message& source, const FieldDescriptor* field, Message* target) {
  std::unique_ptr<Message> copy(source.New());
  copy->CopyFrom(source);
  target->GetReflection()->SwapFields(copy.get(), target, {field});
}

void TakePath(const Message& patch, const MaskPath& path, Message* target) {
  const Message* source = &patch;
  for (size_t i = 0; i + 1 < path.fields.size(); ++i) {
    source = &source->GetReflection()->GetMessage(*source, path.fields[i]);
    target = target->GetReflection()->MutableMessage(target, path.fields[i]);
  }
  TakeField(*source, path.fields.back(), target);
}

void ReplaceAll(const Message& patch, Message* target) {
  const auto* descriptor = target->GetDescriptor();
  for (int i = 0; i < descriptor->field_count(); ++i) {
    const FieldDescriptor* field = descriptor->field(i);
    if (!Has(*field, v1::OUTPUT_ONLY) && !Has(*field, v1::IDENTIFIER) && !Has(*field, v1::IMMUTABLE)) {
      TakeField(patch, field, target);
    }
  }
}

}  // namespace

bool IsOutputOnly(const FieldDescriptor& field) {
  return Has(field, v1::OUTPUT_ONLY);
}

Status CheckRequired(const Message& message) {
  return CheckRequiredIn(message, "");
}

void ClearOutputOnly(Message* message) {
  const auto* reflection = message->GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection->ListFields(*message, &fields);
  for (const FieldDescriptor* field : fields) {
    if (Has(*field, v1::OUTPUT_ONLY)) {
      reflection->ClearField(message, field);
    } else if (IsOurMessage(*field) && field->is_repeated()) {
      for (int i = 0; i < reflection->FieldSize(*message, field); ++i) {
        ClearOutputOnly(reflection->MutableRepeatedMessage(message, field, i));
      }
    } else if (IsOurMessage(*field)) {
      ClearOutputOnly(reflection->MutableMessage(message, field));
    }
  }
}

Status PrepareRequest(Message* request) {
  ClearOutputOnly(request);
  const bool partial = request->GetDescriptor()->FindFieldByName(kUpdateMask) != nullptr;
  return partial ? CheckRequiredOfUpdate(*request) : CheckRequired(*request);
}

std::vector<std::string> PopulatedPaths(const Message& message) {
  std::vector<std::string> paths;
  AddPopulated(message, "", paths);
  return paths;
}

Status ApplyUpdate(const Message& patch, const FieldMask* mask, Message* target) {
  std::vector<std::string> paths;
  if (mask == nullptr || mask->paths().empty()) {
    paths = PopulatedPaths(patch);
  } else {
    paths.assign(mask->paths().begin(), mask->paths().end());
  }
  if (paths.size() == 1 && paths.front() == "*") {
    ReplaceAll(patch, target);
    return absl::OkStatus();
  }
  if (paths.size() > kMaskPathsMax) {
    return MaskError("TOO_MANY_PATHS", fmt::format("more than {} paths", kMaskPathsMax));
  }
  std::vector<MaskPath> resolved;
  for (const std::string& path : paths) {
    SHADOWD_ASSIGN_OR_RETURN(MaskPath next, Resolve(*target->GetDescriptor(), path));
    if (!next.output_only) {
      resolved.push_back(std::move(next));
    }
  }
  for (const MaskPath& path : resolved) {
    TakePath(patch, path, target);
  }
  return absl::OkStatus();
}

}  // namespace shadowd::rpc
