#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>

#include "tidy/source_tree.h"

namespace shadowd::tidy {
namespace {

enum class Scope {
  kOuter,
  kFunction,
  kOther
};  // kOuter: a namespace or a class, in which functions are found

std::string_view Trim(std::string_view text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.front())) != 0) {
    text.remove_prefix(1);
  }
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back())) != 0) {
    text.remove_suffix(1);
  }
  return text;
}

bool HasWord(std::string_view text, std::string_view word) {
  const auto is_word = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; };
  for (size_t at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) {
    const bool before = at > 0 && is_word(text[at - 1]);
    const bool after = at + word.size() < text.size() && is_word(text[at + word.size()]);
    if (!before && !after) {
      return true;
    }
  }
  return false;
}

// What a brace opens, by the text between the last end of a statement and it.
Scope Classify(std::string_view head, Scope parent) {
  if (parent != Scope::kOuter) {
    return Scope::kOther;
  }
  const size_t parenthesis = head.find('(');
  const std::string_view front = head.substr(0, parenthesis);
  if (HasWord(front, "namespace") || (head.starts_with("extern") && parenthesis == std::string_view::npos)) {
    return Scope::kOuter;
  }
  const size_t assigned = front.find('=');
  const bool is_operator = front.find("operator") != std::string_view::npos;
  if (assigned != std::string_view::npos && !is_operator) {
    return Scope::kOther;  // an initialiser, or a lambda held by a constant
  }
  if (parenthesis != std::string_view::npos) {
    return Scope::kFunction;
  }
  constexpr std::array kTypes = {"class", "struct", "union"};
  const bool type =
      std::any_of(kTypes.begin(), kTypes.end(), [&](const char* word) { return HasWord(front, word); });
  return type && !HasWord(front, "enum") ? Scope::kOuter : Scope::kOther;
}

int LineOf(std::string_view text, size_t at) {
  return 1 + static_cast<int>(std::count(text.begin(), text.begin() + static_cast<ptrdiff_t>(at), '\n'));
}

// Directives are no statements; their lines are blanked, continuations too.
std::string WithoutDirectives(std::string code) {
  bool directive = false;
  for (size_t at = 0; at < code.size();) {
    const size_t end = std::min(code.find('\n', at), code.size());
    directive = directive || Trim(std::string_view(code).substr(at, end - at)).starts_with("#");
    const bool goes_on = end > at && code[end - 1] == '\\';
    if (directive) {
      std::fill(code.begin() + static_cast<ptrdiff_t>(at), code.begin() + static_cast<ptrdiff_t>(end), ' ');
    }
    directive = directive && goes_on;
    at = end + 1;
  }
  return code;
}

}  // namespace

std::vector<Function> Functions(std::string_view text) {
  struct Open {
    Scope scope;
    size_t head;
  };
  const std::string code = WithoutDirectives(CodeOnly(text));
  std::vector<Function> functions;
  std::vector<Open> open;
  int parentheses = 0;
  size_t statement = 0;  // where the current one starts
  for (size_t at = 0; at < code.size(); ++at) {
    const char c = code[at];
    parentheses += (c == '(') - (c == ')');
    if (c == '{') {
      const Scope parent = parentheses > 0 ? Scope::kOther : open.empty() ? Scope::kOuter : open.back().scope;
      const std::string_view head = std::string_view(code).substr(statement, at - statement);
      const size_t first = statement + static_cast<size_t>(Trim(head).data() - head.data());
      open.push_back({Classify(Trim(head), parent), first});
    } else if (c == '}' && !open.empty()) {
      if (open.back().scope == Scope::kFunction) {
        const int line = LineOf(code, open.back().head);
        functions.push_back(
            {std::string(Lines(text)[static_cast<size_t>(line - 1)]), line, LineOf(code, at) - line + 1});
      }
      // A member's braces in a constructor's list do not end the head of its function.
      const bool initialiser = open.back().scope == Scope::kOther &&
                               (open.size() == 1 || open[open.size() - 2].scope == Scope::kOuter);
      const size_t head = open.back().head;
      open.pop_back();
      statement = initialiser ? head : at + 1;
      continue;
    }
    if (c == ';' && parentheses == 0) {
      statement = at + 1;
    } else if (c == '{' && open.back().scope != Scope::kOther) {
      statement = at + 1;
    }
  }
  return functions;
}

}  // namespace shadowd::tidy
