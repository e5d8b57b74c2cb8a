#include "print.h"

#include <google/protobuf/util/json_util.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <ctime>

namespace shadowd::ctl {
namespace {

void Emit(YAML::Emitter& out, const nlohmann::ordered_json& value) {
  if (value.is_object()) {
    out << YAML::BeginMap;
    for (const auto& [key, entry] : value.items()) {
      out << YAML::Key << key << YAML::Value;
      Emit(out, entry);
    }
    out << YAML::EndMap;
  } else if (value.is_array()) {
    out << YAML::BeginSeq;
    for (const auto& entry : value) {
      Emit(out, entry);
    }
    out << YAML::EndSeq;
  } else if (value.is_string()) {
    out << YAML::DoubleQuoted << value.get<std::string>();  // or "1" would come back as a number
  } else if (value.is_null()) {
    out << YAML::Null;
  } else {
    out << value.dump();
  }
}

}  // namespace

nlohmann::ordered_json ToJson(const google::protobuf::Message& message) {
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  options.always_print_primitive_fields = true;
  std::string text;
  if (!google::protobuf::util::MessageToJsonString(message, &text, options).ok()) {
    return nlohmann::ordered_json::object();
  }
  return nlohmann::ordered_json::parse(text, nullptr, false);
}

std::string ToYaml(const nlohmann::ordered_json& value) {
  YAML::Emitter out;
  Emit(out, value);
  return std::string(out.c_str()) + "\n";
}

void PrintValue(const nlohmann::ordered_json& value, Output output) {
  const std::string text = output == Output::kYaml ? ToYaml(value) : value.dump(2) + "\n";
  std::fwrite(text.data(), 1, text.size(), stdout);
}

void PrintEvent(const nlohmann::ordered_json& value, Output output) {
  const std::string text = output == Output::kYaml ? "---\n" + ToYaml(value) : value.dump() + "\n";
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

std::string Age(int64_t unix_seconds) {
  if (unix_seconds <= 0) {
    return "-";
  }
  const int64_t now =
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch())
          .count();
  const int64_t age = std::max<int64_t>(0, now - unix_seconds);
  if (age < 120) {
    return fmt::format("{}s", age);
  }
  if (age < 7200) {
    return fmt::format("{}m", age / 60);
  }
  return age < 172'800 ? fmt::format("{}h", age / 3600) : fmt::format("{}d", age / 86'400);
}

std::string Clock(int64_t unix_seconds) {
  if (unix_seconds <= 0) {
    return "-";
  }
  const std::time_t at = static_cast<std::time_t>(unix_seconds);
  std::tm parts{};
  ::gmtime_r(&at, &parts);
  char text[32];
  return std::string(text, std::strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%SZ", &parts));
}

}  // namespace shadowd::ctl
