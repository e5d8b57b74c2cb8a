#include "config/validate_template.h"

#include <fmt/format.h>

#include "config/field_check.h"
#include "model/template_text.h"

namespace shadowd::config {
namespace {

using namespace std::chrono_literals;

constexpr size_t kArgumentsMax = 256;
constexpr size_t kArgumentBytesMax = 4096;
constexpr size_t kVariablesMax = 256;
constexpr size_t kVariableBytesMax = 32'768;
constexpr size_t kPathBytesMax = 1024;

bool IsVariableName(std::string_view name) {
  for (const char c : name) {
    if (!(c == '_' || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))) {
      return false;
    }
  }
  return !name.empty() && !(name[0] >= '0' && name[0] <= '9');
}

Status ValidateArguments(const std::vector<std::string>& argv, const std::string& field) {
  if (argv.empty()) {
    return BadValue(field, "a program is required");
  }
  if (argv.size() > kArgumentsMax) {
    return BadValue(field, fmt::format("{} arguments, more than {}", argv.size(), kArgumentsMax));
  }
  SHADOWD_RETURN_IF_ERROR(CheckAbsolutePath(field + "[0]", argv[0]));
  for (size_t i = 0; i < argv.size(); ++i) {
    const std::string path = fmt::format("{}[{}]", field, i);
    if (argv[i].size() > kArgumentBytesMax || argv[i].find('\0') != std::string::npos) {
      return BadValue(path, fmt::format("longer than {} bytes, or has a zero byte", kArgumentBytesMax));
    }
    SHADOWD_RETURN_IF_ERROR(ValidatePlaceholders(argv[i], path));
  }
  return absl::OkStatus();
}

Status ValidateReadiness(const model::Readiness& readiness, const std::string& field) {
  if (!readiness.http_path.empty()) {
    if (!readiness.http_path.starts_with('/') || readiness.http_path.find(' ') != std::string::npos) {
      return BadValue(field + ".http_path", "must begin with '/' and have no spaces");
    }
    SHADOWD_RETURN_IF_ERROR(CheckText(field + ".http_path", readiness.http_path, kPathBytesMax));
  }
  SHADOWD_RETURN_IF_ERROR(CheckLength(field + ".deadline", readiness.deadline, 100ms, 1h));
  SHADOWD_RETURN_IF_ERROR(CheckLength(field + ".interval", readiness.interval, 10ms, 1min));
  if (readiness.interval >= readiness.deadline) {
    return BadValue(field + ".interval", "must be shorter than the deadline");
  }
  return absl::OkStatus();
}

}  // namespace

Status ValidatePlaceholders(std::string_view text, std::string_view field) {
  for (const model::TemplatePiece& piece : model::SplitTemplate(text)) {
    if (piece.placeholder && !model::IsPlaceholder(piece.text)) {
      return BadValue(field, fmt::format("unknown placeholder {{{}}}; known: {{{}}}", piece.text,
                                         fmt::join(model::kPlaceholders, "}, {")));
    }
  }
  return absl::OkStatus();
}

Status ValidateEnvironment(const std::map<std::string, std::string>& environment, std::string_view field) {
  if (environment.size() > kVariablesMax) {
    return BadValue(field, fmt::format("{} variables, more than {}", environment.size(), kVariablesMax));
  }
  for (const auto& [name, value] : environment) {
    const std::string path = fmt::format("{}[{}]", field, name.substr(0, 80));
    if (!IsVariableName(name)) {
      return BadValue(path,
                      "the name of a variable has letters, digits and '_' and does not begin with a digit");
    }
    if (value.size() > kVariableBytesMax || value.find('\0') != std::string::npos) {
      return BadValue(path, fmt::format("longer than {} bytes, or has a zero byte", kVariableBytesMax));
    }
    SHADOWD_RETURN_IF_ERROR(ValidatePlaceholders(value, path));
  }
  return absl::OkStatus();
}

Status ValidateTemplate(const model::InstanceTemplate& instance, std::string_view field) {
  const std::string prefix(field);
  SHADOWD_RETURN_IF_ERROR(ValidateArguments(instance.argv, prefix + ".argv"));
  SHADOWD_RETURN_IF_ERROR(ValidateEnvironment(instance.environment, prefix + ".environment"));
  if (!instance.working_dir.empty()) {
    SHADOWD_RETURN_IF_ERROR(CheckAbsolutePath(prefix + ".working_dir", instance.working_dir));
    SHADOWD_RETURN_IF_ERROR(ValidatePlaceholders(instance.working_dir, prefix + ".working_dir"));
  }
  SHADOWD_RETURN_IF_ERROR(CheckIpAddress(prefix + ".address", instance.address));
  SHADOWD_RETURN_IF_ERROR(CheckNumber(prefix + ".port_first", instance.port_first, 1, 65'535));
  SHADOWD_RETURN_IF_ERROR(
      CheckNumber(prefix + ".port_last", instance.port_last, instance.port_first, 65'535));
  SHADOWD_RETURN_IF_ERROR(ValidateReadiness(instance.readiness, prefix + ".readiness"));
  SHADOWD_RETURN_IF_ERROR(CheckLength(prefix + ".stop_grace", instance.stop_grace, 0s, 10min));
  return CheckSize(prefix + ".output_bytes_max", instance.output_bytes_max, 4096, uint64_t{1} << 30);
}

}  // namespace shadowd::config
