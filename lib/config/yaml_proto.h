// YAML to a message of the API, by descriptors: keys are field names, enumerators their short names in any
// case, Durations "10s", sizes (fields named ..bytes..) "64MiB". Strict: an unknown key, a wrong type or an
// output-only field is INVALID_ARGUMENT "file:line: ..." and names what would be right. Field presence is
// kept, so that a file can serve as an update mask. Pure functions, any thread.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/status.h"
#include "config/yaml_tree.h"

namespace google::protobuf {
class Message;
}

namespace shadowd::config {

// Where each field of a message stands in its file.
class FieldLines {
 public:
  explicit FieldLines(std::string file) : file_(std::move(file)) {}

  const std::string& file() const { return file_; }
  void Set(const std::string& path, int line) { lines_[path] = line; }
  void SetStart(int line) { start_ = line; }
  // The line of the field, or of the nearest message around it, or where the document starts.
  int LineOf(std::string_view path) const;
  // Puts "file:line: " in front of an error, by the field it names.
  Status Locate(const Status& status) const;

 private:
  std::string file_;
  int start_ = 1;
  std::map<std::string, int, std::less<>> lines_;
};

// `lines` is filled on the way and names the file.
Status YamlToProto(const YamlNode& root, google::protobuf::Message* out, FieldLines* lines);

// The populated fields of a message as YAML that YamlToProto reads back (output-only fields aside: clear them
// first with rpc/field_rules.h where the text is to be edited). Timestamps are RFC 3339.
std::string ToYaml(const google::protobuf::Message& message);

}  // namespace shadowd::config
