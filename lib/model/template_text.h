// Braces in the texts of an instance template, read in one place, so that validation and the provider cannot
// differ about what is a placeholder. Pure, any thread.
//
//   {word}    a placeholder; a word is lower-case letters and '_'
//   {{ ... }} a brace each; "}}" stands for one only where a "{{" before it is still open
//   others    stay as they are, so that JSON needs no doubling
#pragma once

#include <array>
#include <string_view>
#include <vector>

namespace shadowd::model {

inline constexpr std::array<std::string_view, 4> kPlaceholders = {"port", "id", "role", "version"};

struct TemplatePiece {
  std::string_view text;  // of a placeholder: the word without its braces
  bool placeholder = false;
  bool operator==(const TemplatePiece&) const = default;
};

// The pieces in order, none of them empty; they point into `text`.
std::vector<TemplatePiece> SplitTemplate(std::string_view text);

bool IsPlaceholder(std::string_view word);

}  // namespace shadowd::model
