#include "provider/template_text.h"

#include "model/template_text.h"

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
  for (const model::TemplatePiece& piece : model::SplitTemplate(text)) {
    if (!piece.placeholder) {
      filled += piece.text;
      continue;
    }
    const auto value = values.find(std::string(piece.text));
    if (value == values.end()) {
      return WithField(
          InvalidArgument("{}: unknown placeholder {{{}}}; known: {}", field, piece.text, NamesOf(values)),
          field);
    }
    filled += value->second;
  }
  return filled;
}

}  // namespace shadowd::provider
