#include "provider/template_text.h"

namespace shadowd::provider {
namespace {

std::string NamesOf(const std::map<std::string, std::string>& values) {
  std::string names;
  for (const auto& [name, value] : values) {
    names += fmt::format("{}{{{}}}", names.empty() ? "" : ", ", name);
  }
  return names;
}

}  // namespace

StatusOr<std::string> FillIn(std::string_view text, const std::map<std::string, std::string>& values,
                             const std::string& field) {
  if (text.find('\0') != std::string_view::npos) {
    return WithField(InvalidArgument("{}: contains a NUL byte", field), field);
  }
  std::string filled;
  for (size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (c != '{' && c != '}') {
      filled += c;
      continue;
    }
    if (at + 1 < text.size() && text[at + 1] == c) {
      filled += c;
      ++at;
      continue;
    }
    const size_t end = c == '{' ? text.find('}', at) : std::string_view::npos;
    if (end == std::string_view::npos) {
      return WithField(InvalidArgument("{}: lone '{}' at byte {}; write it twice", field, c, at), field);
    }
    const std::string name(text.substr(at + 1, end - at - 1));
    const auto value = values.find(name);
    if (value == values.end()) {
      return WithField(
          InvalidArgument("{}: unknown placeholder '{{{}}}'; known are {}", field, name, NamesOf(values)),
          field);
    }
    filled += value->second;
    at = end;
  }
  return filled;
}

}  // namespace shadowd::provider
