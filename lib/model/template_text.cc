#include "model/template_text.h"

#include <algorithm>

namespace shadowd::model {
namespace {

bool IsWordLetter(char c) {
  return (c >= 'a' && c <= 'z') || c == '_';
}

// The word of a placeholder at the start of `text`; empty where there is none.
std::string_view WordInBraces(std::string_view text) {
  size_t end = 1;
  while (end < text.size() && IsWordLetter(text[end])) {
    ++end;
  }
  return end < text.size() && text[end] == '}' ? text.substr(1, end - 1) : std::string_view();
}

}  // namespace

std::vector<TemplatePiece> SplitTemplate(std::string_view text) {
  std::vector<TemplatePiece> pieces;
  size_t begin = 0;  // of the literal that is being read
  size_t open = 0;   // "{{" without their "}}"
  const auto end_literal = [&](size_t end) {
    if (end > begin) {
      pieces.push_back({text.substr(begin, end - begin), false});
    }
  };
  for (size_t at = 0; at < text.size();) {
    const std::string_view rest = text.substr(at);
    const bool opens = rest.starts_with("{{");
    if (opens || (open > 0 && rest.starts_with("}}"))) {
      open = opens ? open + 1 : open - 1;
      end_literal(at + 1);
      begin = at += 2;
      continue;
    }
    const std::string_view word = rest[0] == '{' ? WordInBraces(rest) : std::string_view();
    if (word.empty()) {
      ++at;
      continue;
    }
    end_literal(at);
    pieces.push_back({word, true});
    begin = at += word.size() + 2;
  }
  end_literal(text.size());
  return pieces;
}

bool IsPlaceholder(std::string_view word) {
  return std::find(kPlaceholders.begin(), kPlaceholders.end(), word) != kPlaceholders.end();
}

}  // namespace shadowd::model
